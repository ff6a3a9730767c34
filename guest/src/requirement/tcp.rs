//! A port that something listens on. The kernel's own table is read, so that no server is troubled by a connection that says nothing.

use std::fs;
use std::time::Duration;

use super::pace::Pace;

const TABLES: [&str; 2] = ["/proc/net/tcp", "/proc/net/tcp6"];
/// As the tables have it.
const LISTENING: &str = "0A";

pub async fn wait(port: u16) {
    let mut pace = Pace::new(Duration::from_millis(10), Duration::from_millis(250));
    while !TABLES.iter().any(|table| fs::read_to_string(table).is_ok_and(|text| has_listener(&text, port))) {
        pace.wait().await;
    }
}

/// Lines are `sl local_address rem_address st ...`, an address being hex digits, a colon and the port in hex.
fn has_listener(table: &str, port: u16) -> bool {
    table.lines().skip(1).any(|line| {
        let mut fields = line.split_ascii_whitespace().skip(1);
        let local = fields.next().and_then(|address| address.rsplit_once(':'));
        let is_port = local.is_some_and(|(_, hex)| u16::from_str_radix(hex, 16) == Ok(port));
        is_port && fields.nth(1) == Some(LISTENING)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_a_listener_from_a_connection() {
        let table = "  sl  local_address rem_address   st tx_queue\n\
             0: 0100007F:1F90 00000000:0000 0A 00000000:00000000\n\
             1: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A 0\n\
             2: 0100007F:1F91 0100007F:0050 01 00000000:00000000\n\
             3: garbage\n";
        assert!(has_listener(table, 8080));
        assert!(has_listener(table, 22));
        assert!(!has_listener(table, 8081));
        assert!(!has_listener(table, 80));
        assert!(!has_listener("", 80));
    }
}
