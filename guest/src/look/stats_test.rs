use proptest::prelude::*;

use super::*;

const STAT: &str = "cpu  10 2 30 400 50 6 7 8 9 10\ncpu0 5 1 15 200 25 3 3 4 4 5\ncpu1 5 1 15 200 25 3 4 4 5 5\nintr 12345 0 0\ncpufreq 1\n";
const MEMINFO: &str = "MemTotal:        1000 kB\nMemFree:          400 kB\nMemAvailable:     600 kB\nBuffers: 1 kB\n";
const DEV: &str = "Inter-|   Receive                            |  Transmit\n face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n    lo: 9999 1 0 0 0 0 0 0 9999 1 0 0 0 0 0 0\n  eth0: 1000 1 0 0 0 0 0 0 2000 1 0 0 0 0 0 0\n  eth1:5 1 0 0 0 0 0 0 7 1 0 0 0 0 0 0\n veth0: 50 1 0 0 0 0 0 0 60 1 0 0 0 0 0 0\n";

#[test]
fn reads_what_a_kernel_says() {
    let cpu = Cpu { busy_ms: 10 * (10 + 2 + 30 + 6 + 7), idle_ms: 4500, stolen_ms: 80 };
    assert_eq!(parse_cpu(STAT), Some((cpu, 2)));
    let memory = Memory { total_bytes: 1000 * 1024, free_bytes: 400 * 1024, available_bytes: 600 * 1024 };
    assert_eq!(parse_memory(MEMINFO), Some(memory));
    assert_eq!(parse_load("0.52 1.00 12.07 1/123 456\n"), Some([0.52, 1.0, 12.07]));
    let network = parse_network(DEV, |name| name.starts_with("eth"));
    assert_eq!(network, Network { received_bytes: 1005, sent_bytes: 2007 });
}

#[test]
fn says_so_when_a_file_is_something_else() {
    for text in ["", "cpu", "cpu 1 2 3", "intr 1 2 3 4 5 6 7 8 9", "CPU 1 2 3 4 5 6 7 8"] {
        assert_eq!(parse_cpu(text), None, "{text:?}");
    }
    for text in
        ["", "MemTotal: 1000", "MemTotal: x kB\nMemFree: 1 kB", "MemTotal: 18446744073709551615 kB\nMemFree: 1 kB"]
    {
        assert_eq!(parse_memory(text), None, "{text:?}");
    }
    for text in ["", "0.52", "nan nan nan", "inf 1.00 1.00", "-1.00 1.00 1.00", "1.000 1.00 1.00", "1e9.00 1.00 1.00"] {
        assert_eq!(parse_load(text), None, "{text:?}");
    }
    assert_eq!(parse_network("../../etc: 1 1 1 1 1 1 1 1 1 1\n: 1 1 1 1 1 1 1 1 1 1", |_| true), Network::default());
}

#[test]
fn huge_numbers_stay_numbers() {
    let most = u64::MAX.to_string();
    let (cpu, _) = parse_cpu(&format!("cpu {}", [most.as_str(); 10].join(" "))).unwrap();
    assert_eq!(cpu, Cpu { busy_ms: u64::MAX, idle_ms: u64::MAX, stolen_ms: u64::MAX });
    let line = [most.as_str(); 16].join(" ");
    let network = parse_network(&format!("a: {line}\nb: {line}\n"), |_| true);
    assert_eq!(network, Network { received_bytes: u64::MAX, sent_bytes: u64::MAX });
}

#[test]
fn this_computer_can_be_looked_at() {
    let stats = collect(Some("/tmp")).unwrap();
    assert!(stats.cpus >= 1 && stats.processes >= 1 && stats.uptime_ms > 0);
    assert!(stats.memory.total_bytes >= stats.memory.available_bytes);
    assert!(stats.root.total_bytes >= stats.root.used_bytes && stats.home.is_some());
    assert!(collect(Some("/no/such/place")).unwrap_err().contains("/no/such/place"));
}

proptest! {
    #[test]
    fn no_text_makes_a_parser_fall(text in "(?s)(cpu|MemTotal:|MemFree:|eth0:)?[ 0-9a-zA-Z.:\\-\n\u{0}-\u{ff}]{0,200}") {
        let _ = parse_cpu(&text);
        let _ = parse_memory(&text);
        let _ = parse_network(&text, |_| true);
        if let Some(load) = parse_load(&text) {
            prop_assert!(load.iter().all(|value| value.is_finite() && *value >= 0.0));
        }
    }
}
