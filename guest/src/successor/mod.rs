//! The guest's own init, where a plan names one: found in its root, given the place of PID 1, and asked for the end. The agent
//! stays what it was, a child of PID 1, and nothing of it waits for what the successor does.

pub mod ask;
pub mod dismissal;
pub mod find;
pub mod host_keys;
pub mod inittab;
pub mod prepare;
pub mod scan_folder;
pub mod will;

/// Who it is, as far as that decides what it has to find and how it is asked for the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Systemd,
    /// OpenRC as PID 1. Below an init of System V or busybox it is that one's affair.
    Openrc,
    Runit,
    /// s6 over a scan folder of ours.
    S6,
    Busybox,
    /// That of System V, or one that we do not know.
    Other,
}

/// What somebody wants of PID 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    PowerOff,
    Reboot,
}

/// What PID 1 is to execute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Successor {
    pub kind: Kind,
    pub program: String,
    /// From the name on by which it is called.
    pub arguments: Vec<String>,
}
