//! `banger-agent probe-tsc`: how fast this computer's time stamp counter runs, against the kernel's raw clock.
//!
//! Runs on the host. A microVM without KVM has nothing to calibrate its counter against, and takes this on its command line.

use std::io;
use std::thread::sleep;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;

use crate::sys::tsc;

const WINDOW: Duration = Duration::from_millis(200);
/// A pair of readings is repeated, and the one in which least time passed is kept: nothing came between.
const TRIES: usize = 16;

#[derive(Serialize)]
struct Answer {
    #[serde(rename = "tscKHz")]
    tsc_khz: u64,
    invariant: bool,
}

pub fn print() -> io::Result<()> {
    let (start_ticks, start) = read_both();
    sleep(WINDOW);
    let (end_ticks, end) = read_both();
    let ticks = u128::from(end_ticks.wrapping_sub(start_ticks));
    let nanos = (end - start).as_nanos().max(1);
    let tsc_khz = u64::try_from((ticks * 1_000_000 + nanos / 2) / nanos).unwrap_or(u64::MAX);
    let answer = Answer { tsc_khz, invariant: tsc::is_invariant() };
    println!("{}", serde_json::to_string(&answer)?);
    Ok(())
}

/// The counter and the clock at one moment, as nearly as can be.
fn read_both() -> (u64, Duration) {
    let pairs = (0..TRIES).map(|_| {
        let before = tsc::read();
        let clock = Duration::try_from(clock_gettime(ClockId::MonotonicRaw)).unwrap_or_default();
        let after = tsc::read();
        (after.wrapping_sub(before), before + after.wrapping_sub(before) / 2, clock)
    });
    let (_, ticks, clock) = pairs.min_by_key(|(gap, ..)| *gap).expect("there are tries");
    (ticks, clock)
}
