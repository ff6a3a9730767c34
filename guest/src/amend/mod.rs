//! `POST /amend`: what of a guest can be changed while it runs.
//!
//! Each part may be left out, and the same again changes nothing more: a host that does not know how far it came asks again.

pub mod apply;
pub mod route;
pub mod schema;
