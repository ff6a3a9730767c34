//! Archives, read as Go's `archive/tar` reads them, because that is what made and checked the images of this world: ustar, pax, GNU and
//! the old form without a name. Only reading, front to back, with every length bounded before it is believed.

mod extended;
mod header;
mod number;
mod reader;
mod sparse;

pub use header::{Entry, Kind, Times};
pub use reader::Archive;
pub use sparse::Piece;

pub const BLOCK: usize = 512;
