//! The network of one user's vms, made and changed as root for a user who may make no namespace.
//!
//! ```text
//! daemon, VMM ── socket of that user alone ──> message ──> ground ──> ip, nft, pasta: fixed words, numbers, addresses
//!                (peer checked by its uid)     (typed)       │
//!                              a TAP's descriptor <──────────┘
//! ```
//!
//! One process serves one uid and has one namespace, `banger-UID`. Whoever may speak to it says *what* in a closed list of verbs
//! ([`message`]): numbers of slots and ports, addresses, and nothing else. What `ip`, `nft` and pasta are told is put together here
//! ([`rules`], [`cards`], [`uplink`]), from those numbers; no text of the caller's is among it, and no path.
//!
//! It keeps nothing that its death could lose: the namespace with its TAPs and its table lasts, pasta runs on, TAPs are open in VMMs.
//! The next helper finds what is there, and the daemon says anew which of it is whose ([`ground`]).
//!
//! What it gives the user is no more than the user has: packets leave by pasta, which runs as that user, and the rules only take away.

#![deny(unsafe_code)]

pub mod address;
pub mod cards;
pub mod ground;
pub mod message;
pub mod namespace;
pub mod numbers;
pub mod program;
pub mod refusal;
pub mod rules;
pub mod serve;
pub mod slot;
#[allow(unsafe_code)]
pub mod sys;
pub mod tap;
pub mod uplink;
