//! The types of the frames of a copy. The same as `src/contract/copy-frames.ts`; `golden/copy-frames.json` keeps the two together.

use crate::exec::frames::Kind;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Type {
    Spec = 0,
    Folder = 1,
    Leave = 2,
    Link = 3,
    File = 4,
    Start = 5,
    Data = 6,
    End = 7,
    Abandon = 8,
    Same = 9,
    Problem = 10,
    Finish = 11,
    Answer = 32,
    Done = 33,
    Failed = 34,
}

/// Content travels in blocks of this size; those that are all zero do not.
pub const BLOCK_BYTES: usize = 64 * 1024;
/// The most blocks of one `data` frame.
pub const CHUNK_BYTES: usize = 4 * BLOCK_BYTES;
pub const MAX_NAME_BYTES: usize = 255;
pub const MAX_PATH_BYTES: usize = 4096;
pub const MAX_MESSAGE_BYTES: usize = 1024;
pub const DIGEST_BYTES: usize = 32;
/// What both ends can count exactly.
pub const MAX_SIZE: u64 = (1 << 53) - 1;

const MAX_SPEC_BYTES: usize = 1024 * 1024;
const MAX_FAILED_BYTES: usize = 4 * 1024;

impl Kind for Type {
    fn byte(self) -> u8 {
        self as u8
    }

    fn from_byte(byte: u8) -> Option<Self> {
        use Type::*;
        [Spec, Folder, Leave, Link, File, Start, Data, End, Abandon, Same, Problem, Finish, Answer, Done, Failed]
            .into_iter()
            .find(|&kind| kind as u8 == byte)
    }

    fn cap(self) -> usize {
        match self {
            Type::Spec => MAX_SPEC_BYTES,
            Type::Folder => 12 + MAX_NAME_BYTES,
            Type::Leave | Type::Abandon | Type::Same | Type::Finish => 0,
            Type::Link => 9 + MAX_NAME_BYTES + MAX_PATH_BYTES,
            Type::File => 20 + MAX_NAME_BYTES,
            Type::Start => 8,
            Type::Data => 8 + CHUNK_BYTES,
            Type::End => 1 + DIGEST_BYTES,
            Type::Problem => 3 + MAX_PATH_BYTES + MAX_MESSAGE_BYTES,
            Type::Answer => 9 + DIGEST_BYTES,
            Type::Done => 5 * 8,
            Type::Failed => MAX_FAILED_BYTES,
        }
    }
}
