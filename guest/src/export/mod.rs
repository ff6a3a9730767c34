//! `POST /export`: the guest's root as one archive, for an image to be made of it; `POST /forget`: what the work disk shall not
//! take along into one.
//!
//! Of what is mounted in the root nothing is seen: it is cloned, alone, and walked by descriptors. The form is POSIX tar with pax
//! records where its fields are too small. The end of the archive and of the stream say that it is whole.

pub mod archive;
pub mod forget;
pub mod leave_out;
pub mod read_file;
pub mod route;
pub mod spec;
pub mod walk;
