//! What the agent leaves to PID 1, which reads it when it is told to become the guest's own init. Signals carry no words.

use std::io;

use super::Successor;

const PLACE: &str = "/run/banger/successor";

/// Zero bytes part the words: none of them can have one.
pub fn write(successor: &Successor) -> io::Result<()> {
    let words: Vec<&str> =
        std::iter::once(&successor.program).chain(&successor.arguments).map(String::as_str).collect();
    std::fs::write(PLACE, words.join("\0"))
}

/// The program, and its arguments from its name on.
pub fn read() -> io::Result<(String, Vec<String>)> {
    let text = std::fs::read_to_string(PLACE)?;
    let _ = std::fs::remove_file(PLACE);
    parse(&text).ok_or_else(|| io::Error::other("it is not one"))
}

fn parse(text: &str) -> Option<(String, Vec<String>)> {
    let mut words = text.split('\0').map(str::to_owned);
    let program = words.next().filter(|program| program.starts_with('/'))?;
    let arguments: Vec<String> = words.collect();
    (!arguments.is_empty()).then_some((program, arguments))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn is_a_program_with_its_name() {
        assert_eq!(parse("/bin/busybox\0init"), Some(("/bin/busybox".into(), vec!["init".into()])));
        assert_eq!(parse("/bin/busybox"), None);
        assert_eq!(parse("busybox\0init"), None);
        assert_eq!(parse(""), None);
    }
}
