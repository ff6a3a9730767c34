//! A moment as `ls -l` shows it, in UTC: a static program knows no other zone.

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAY: u64 = 86_400;

pub fn show(seconds: u64) -> String {
    let (year, month, day) = civil(seconds / DAY);
    format!("{} {day:>2}  {year}", MONTHS[month])
}

/// Year, month from 0, day from 1, of days since 1970. Counted in years that begin in March, so that a leap day comes last.
fn civil(days: u64) -> (u64, usize, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = (from_march + 2) % 12;
    (year + era * 400 + u64::from(month < 2), month as usize, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        assert_eq!(show(0), "Jan  1  1970");
        assert_eq!(show(951_782_400), "Feb 29  2000");
        assert_eq!(show(1_790_000_000), "Sep 21  2026");
        assert_eq!(show(u64::from(u32::MAX)), "Feb  7  2106");
    }
}
