//! SSH over the wire: no network, no port, no init that has started anything. The image's own sshd is run for each connection, as inetd would
//! run it, with the image's own configuration; where it has none, the one that banger carries.
//!
//! - The host's key is taken besides those that the users' own files name. It lies below `/run`, so that nothing of it is in an image, and no
//!   file of a user's is changed.
//! - The key by which the guest is known is made once per boot and told over the wire, which leads to this guest and no other: nobody has to
//!   believe a fingerprint.

pub mod carried;
pub mod keygen;
pub mod prepare;
pub mod route;
