//! HTTP/2 on the wire: sessions, routes, and streams as pairs of byte ends.

pub mod answer;
pub mod body;
pub mod join;
pub mod routes;
pub mod session;
