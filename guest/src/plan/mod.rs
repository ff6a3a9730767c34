//! `POST /plan`: what this guest is to be, once per boot.

pub mod apply;
pub mod disks;
pub mod files;
pub mod fill;
pub mod grow;
pub mod netlink;
pub mod network;
pub mod new_root;
pub mod once;
pub mod reserve;
pub mod root;
pub mod route;
pub mod schema;
pub mod seed;
pub mod stages;
pub mod switch;
pub mod systemd;
