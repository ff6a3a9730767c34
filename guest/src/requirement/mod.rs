//! `POST /await`: waits in the guest until something there is so. The host asks once for each requirement and hears once.

pub mod command;
pub mod file;
pub mod pace;
pub mod route;
pub mod schema;
pub mod tcp;
pub mod unit;
