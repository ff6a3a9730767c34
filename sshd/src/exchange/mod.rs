//! The exchange of keys (RFC 4253, 7 and 8): what both sides can do, a secret that both know, and the keys that follow from it.

pub mod agree;
pub mod choose;
pub mod keys;
