//! Why a call failed, as a part of a sentence.

use std::fmt::Display;

/// `permission denied`: what the system says, without its number and in the middle of a sentence. What it did not say stays as it is.
pub fn reason(error: impl Display) -> String {
    let text = error.to_string();
    let Some((said, _number)) = text.rsplit_once(" (os error ") else { return text };
    let mut rest = said.chars();
    rest.next().map_or_else(String::new, |first| first.to_lowercase().chain(rest).collect())
}

#[cfg(test)]
mod tests {
    use super::reason;

    #[test]
    fn is_said_without_its_number() {
        assert_eq!(reason(rustix::io::Errno::ACCESS), "permission denied");
        assert_eq!(reason(std::io::Error::from_raw_os_error(libc::ENOSPC)), "no space left on device");
        assert_eq!(reason("It ended"), "It ended");
        assert_eq!(reason(""), "");
    }
}
