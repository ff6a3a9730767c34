//! `GET /stats`: what the guest uses of what it was given. Counters count from the boot on; who wants a rate asks twice.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rustix::fs::statvfs;
use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;

use super::file::{number, read};

/// The kernel tells times to programs in hundredths of a second, whatever its own tick is.
const MS_PER_TICK: u64 = 10;
/// The lines of the processors stand first, and 1,024 of them fit.
const MOST_BYTES: u64 = 128 * 1024;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    uptime_ms: u64,
    cpus: u64,
    cpu: Cpu,
    memory: Memory,
    /// Over 1, 5 and 15 minutes.
    load: [f64; 3],
    processes: u64,
    network: Network,
    root: Disk,
    home: Option<Disk>,
}

/// Of all processors together.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cpu {
    busy_ms: u64,
    idle_ms: u64,
    /// What the host gave to others.
    stolen_ms: u64,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Memory {
    total_bytes: u64,
    free_bytes: u64,
    /// What programs could still get, caches given up.
    available_bytes: u64,
}

/// Of the cards that belong to a device; what runs over bridges and pairs within the guest would count twice.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Network {
    received_bytes: u64,
    sent_bytes: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Disk {
    total_bytes: u64,
    used_bytes: u64,
    available_bytes: u64,
}

/// @param home where the work disk is mounted, if there is one.
pub fn collect(home: Option<&str>) -> Result<Stats, String> {
    let proc = |name: &str| read(&Path::new("/proc").join(name), MOST_BYTES);
    let no = |name: &str| format!("/proc/{name} does not say what it should");
    let (cpu, cpus) = parse_cpu(&proc("stat")?).ok_or_else(|| no("stat"))?;
    let is_device = |name: &str| fs::exists(format!("/sys/class/net/{name}/device")).unwrap_or(false);
    Ok(Stats {
        uptime_ms: uptime_ms(),
        cpus,
        cpu,
        memory: parse_memory(&proc("meminfo")?).ok_or_else(|| no("meminfo"))?,
        load: parse_load(&proc("loadavg")?).ok_or_else(|| no("loadavg"))?,
        processes: count_processes(),
        network: parse_network(&proc("net/dev")?, is_device),
        root: disk("/")?,
        home: home.map(disk).transpose()?,
    })
}

/// The line of all processors, and how many there are.
fn parse_cpu(text: &str) -> Option<(Cpu, u64)> {
    let mut lines = text.lines();
    let mut words = lines.next()?.split_ascii_whitespace();
    if words.next()? != "cpu" {
        return None;
    }
    // Kernels have added words at the end, and may do so again.
    let ticks: Vec<u64> = words.map(|word| number(word).unwrap_or(0)).collect();
    let [user, nice, system, idle, waiting, interrupts, soft, stolen, ..] = *ticks.as_slice() else { return None };
    let ms = |parts: &[u64]| {
        let sum = parts.iter().fold(0_u64, |sum, &part| sum.saturating_add(part));
        sum.saturating_mul(MS_PER_TICK)
    };
    let is_one =
        |line: &&str| line.strip_prefix("cpu").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let cpus = lines.take_while(is_one).count();
    let busy_ms = ms(&[user, nice, system, interrupts, soft]);
    Some((Cpu { busy_ms, idle_ms: ms(&[idle, waiting]), stolen_ms: ms(&[stolen]) }, cpus as u64))
}

fn parse_memory(text: &str) -> Option<Memory> {
    let bytes_of = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        number(line.trim().strip_suffix("kB")?.trim_end())?.checked_mul(1024)
    };
    let free_bytes = bytes_of("MemFree")?;
    let available_bytes = bytes_of("MemAvailable").unwrap_or(free_bytes);
    Some(Memory { total_bytes: bytes_of("MemTotal")?, free_bytes, available_bytes })
}

fn parse_load(text: &str) -> Option<[f64; 3]> {
    let mut words = text.split_ascii_whitespace();
    let mut next = || {
        let (whole, hundredths) = words.next()?.split_once('.')?;
        // Not by `f64`'s own parser, which takes `inf` and `nan`, too.
        Some(number(whole)? as f64 + number(hundredths).filter(|&n| n < 100 && hundredths.len() == 2)? as f64 / 100.0)
    };
    Some([next()?, next()?, next()?])
}

fn parse_network(text: &str, counts: impl Fn(&str) -> bool) -> Network {
    let mut sum = Network::default();
    for line in text.lines() {
        let Some((name, fields)) = line.split_once(':') else { continue };
        let name = name.trim();
        let fields: Vec<u64> = fields.split_ascii_whitespace().map(|word| number(word).unwrap_or(0)).collect();
        let [received, _, _, _, _, _, _, _, sent, ..] = *fields.as_slice() else { continue };
        if name.is_empty() || name == "lo" || name.contains(['/', '.']) || !counts(name) {
            continue;
        }
        sum.received_bytes = sum.received_bytes.saturating_add(received);
        sum.sent_bytes = sum.sent_bytes.saturating_add(sent);
    }
    sum
}

fn count_processes() -> u64 {
    let Ok(entries) = fs::read_dir("/proc") else { return 0 };
    let is_pid = |name: &[u8]| !name.is_empty() && name.iter().all(u8::is_ascii_digit);
    entries.flatten().filter(|entry| is_pid(entry.file_name().as_encoded_bytes())).count() as u64
}

fn uptime_ms() -> u64 {
    let since_boot = Duration::try_from(clock_gettime(ClockId::Boottime)).unwrap_or_default();
    u64::try_from(since_boot.as_millis()).unwrap_or(u64::MAX)
}

fn disk(path: &str) -> Result<Disk, String> {
    let found = statvfs(path).map_err(|error| format!("cannot measure {path}: {error}"))?;
    let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
    let used_bytes = bytes(found.f_blocks.saturating_sub(found.f_bfree));
    Ok(Disk { total_bytes: bytes(found.f_blocks), used_bytes, available_bytes: bytes(found.f_bavail) })
}

#[cfg(test)]
#[path = "stats_test.rs"]
mod tests;
