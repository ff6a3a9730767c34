//! `POST /plan`: what this guest is to be, once per boot.

pub mod once;
pub mod route;
pub mod schema;
