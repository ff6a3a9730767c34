//! Tests of the whole program, each against somebody else's idea of the same thing.

mod archive;
mod blobs;
mod folders;
mod fuzz;
mod homes;
mod hostile;
mod listing;
mod merged;
mod random;
mod stacks;
mod streams;
mod umoci;
mod workshop;
