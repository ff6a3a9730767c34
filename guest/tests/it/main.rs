//! The built agent as an ordinary process, spoken to as a host does: real sockets, real HTTP/2, real commands.

mod agent;
mod exec;
mod host;
mod requirements;
mod routes;
mod session;
mod streams;
