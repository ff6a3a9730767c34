//! An init that the image does not have, installed at the first boot by the package manager of its distribution.
//!
//! `POST /plan` says that it is wanted, with everything else in place; `POST /install` does it, tells what the package manager says,
//! and then hands over as if the init had been there. A record in the guest says how far it came: what was cut off is done
//! again at the next boot, whatever lies around of it by then.

pub mod console;
pub mod family;
pub mod job;
pub mod lines;
pub mod record;
pub mod route;
pub mod run;
pub mod script;
