//! The clock and the kernel's random numbers: what a guest cannot know by itself, and what a clone shares with its siblings.

use std::fs::File;

use rustix::time::{ClockId, Timespec, clock_settime};

use super::schema::{Plan, Time};
use super::stages::{Doing, Done};
use crate::sys::ioctl;

pub fn apply(plan: &Plan) -> Done {
    let random = File::open("/dev/urandom").doing("open /dev/urandom")?;
    ioctl::add_entropy(&random, &plan.entropy).doing("add entropy")?;
    // Without this the kernel goes on with its old state for up to a minute.
    ioctl::reseed(&random).doing("reseed the random numbers")?;
    set_clock(plan.time)
}

pub fn set_clock(Time { unix_ms }: Time) -> Done {
    let (seconds, millis) = (unix_ms / 1000, unix_ms % 1000);
    let seconds = i64::try_from(seconds).doing("set the clock")?;
    let now = Timespec { tv_sec: seconds, tv_nsec: (millis * 1_000_000).cast_signed() };
    clock_settime(ClockId::Realtime, now).doing("set the clock")
}
