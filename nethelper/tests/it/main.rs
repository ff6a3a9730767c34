//! Tests of the whole helper, as root, in namespaces of a test's own; and that it says what the daemon says.

mod fuzz;
mod hostile;
mod life;
mod random;
mod renders;
mod world;
