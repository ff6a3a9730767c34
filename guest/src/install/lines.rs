//! Output -> lines that can be shown: bounded, without the parts that drew a bar of progress over themselves.

/// A longer line is shown in pieces.
const MOST_BYTES: usize = 1000;

#[derive(Default)]
pub struct Lines {
    held: Vec<u8>,
}

impl Lines {
    /// The lines that `bytes` complete, without empty ones.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        for &byte in bytes {
            if byte == b'\n' || byte == b'\r' {
                self.take(&mut lines);
            } else {
                self.held.push(byte);
                if self.held.len() >= MOST_BYTES {
                    self.take(&mut lines);
                }
            }
        }
        lines
    }

    /// What is left when nothing more comes.
    pub fn rest(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        self.take(&mut lines);
        lines
    }

    fn take(&mut self, lines: &mut Vec<String>) {
        let line = String::from_utf8_lossy(&self.held).trim_end().to_owned();
        self.held.clear();
        if !line.is_empty() {
            lines.push(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn are_whole_and_bounded() {
        let mut lines = Lines::default();
        assert_eq!(lines.push(b"one\r\ntw"), ["one"]);
        assert_eq!(lines.push(b"o\n\n10%\r20%\rthree"), ["two", "10%", "20%"]);
        assert_eq!(lines.rest(), ["three"]);
        assert!(lines.rest().is_empty());
        assert_eq!(lines.push(&[b'x'; 2500]).iter().map(String::len).collect::<Vec<_>>(), [1000, 1000]);
        assert_eq!(lines.push(b"\xff\n")[0].chars().last(), Some('\u{fffd}'));
    }
}
