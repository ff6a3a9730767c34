//! The signals by which PID 1 is steered: by the agent, and by the usual commands in the guest.

use crate::sys::signals;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Reap,
    /// From the agent alone.
    EnterRoot,
    /// From the agent alone.
    HandOver,
    PowerOff,
    Reboot,
}

// systemd's numbers, so that the agent asks the same of whoever is PID 1.
const HALT: i32 = 3;
const POWER_OFF: i32 = 4;
const REBOOT: i32 = 5;
// Numbers that systemd does not know.
const ENTER_ROOT: i32 = 10;
const HAND_OVER: i32 = 11;

pub fn all_signals() -> Vec<i32> {
    let plain = [libc::SIGCHLD, libc::SIGTERM, libc::SIGINT, libc::SIGUSR1, libc::SIGUSR2];
    let real_time = [HALT, POWER_OFF, REBOOT, ENTER_ROOT, HAND_OVER].map(signals::real_time);
    plain.into_iter().chain(real_time).collect()
}

pub fn order(signal: i32, is_from_agent: bool) -> Option<Order> {
    match signal {
        libc::SIGCHLD => Some(Order::Reap),
        // What `halt` and `poweroff` of small userlands send; and those of systemd.
        libc::SIGUSR1 | libc::SIGUSR2 => Some(Order::PowerOff),
        // What their `reboot` sends; and the kernel at Ctrl-Alt-Del.
        libc::SIGTERM | libc::SIGINT => Some(Order::Reboot),
        _ => match signal - signals::real_time(0) {
            HALT | POWER_OFF => Some(Order::PowerOff),
            REBOOT => Some(Order::Reboot),
            ENTER_ROOT if is_from_agent => Some(Order::EnterRoot),
            HAND_OVER if is_from_agent => Some(Order::HandOver),
            _ => None,
        },
    }
}

/// The agent's side: PID 1 stands in the new root soon after.
pub fn ask_to_enter_root() -> std::io::Result<()> {
    signals::send(1, signals::real_time(ENTER_ROOT))
}

/// The agent's side: PID 1 becomes the guest's own init.
pub fn ask_to_hand_over() -> std::io::Result<()> {
    signals::send(1, signals::real_time(HAND_OVER))
}

/// The agent's side, whoever is PID 1.
pub fn ask_to_power_off() -> std::io::Result<()> {
    signals::send(1, signals::real_time(POWER_OFF))
}

/// The agent's side, whoever is PID 1.
pub fn ask_to_reboot() -> std::io::Result<()> {
    signals::send(1, signals::real_time(REBOOT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_agent_moves_the_root() {
        for (number, order_of_agent) in [(ENTER_ROOT, Order::EnterRoot), (HAND_OVER, Order::HandOver)] {
            let signal = signals::real_time(number);
            assert_eq!(order(signal, true), Some(order_of_agent));
            assert_eq!(order(signal, false), None);
        }
    }

    #[test]
    fn every_signal_that_is_waited_for_means_something() {
        assert!(all_signals().into_iter().all(|signal| order(signal, true).is_some()));
    }
}
