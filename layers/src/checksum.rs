//! What a base is told by later on: whether it is still what was written. Nobody else knows it by that, so it is the hash that takes least time.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

const BUFFER_BYTES: usize = 1024 * 1024;

/// Of a whole file: `blake3:` and 64 hex digits.
pub fn of(mut file: &File) -> io::Result<String> {
    file.seek(SeekFrom::Start(0))?;
    let mut hash = blake3::Hasher::new();
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let got = file.read(&mut buffer)?;
        if got == 0 {
            return Ok(format!("blake3:{}", hash.finalize().to_hex()));
        }
        hash.update(&buffer[..got]);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn of_bytes(bytes: &[u8]) -> String {
        let path = std::env::temp_dir().join(format!("banger-sum-{}-{}", std::process::id(), bytes.len()));
        let mut file = File::options().read(true).write(true).create(true).truncate(true).open(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        file.write_all(bytes).unwrap();
        of(&file).unwrap()
    }

    #[test]
    fn it_is_that_of_all_bytes_wherever_the_file_was_left() {
        // Of the function's own specification.
        assert_eq!(of_bytes(b""), "blake3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262");
        assert_eq!(of_bytes(b"abc"), "blake3:6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85");
        let mut long = vec![7; 3 * BUFFER_BYTES + 5];
        let before = of_bytes(&long);
        assert_eq!(before, format!("blake3:{}", blake3::hash(&long).to_hex()));
        long[2 * BUFFER_BYTES] ^= 1;
        assert_ne!(of_bytes(&long), before);
    }
}
