//! Paths of entries, as `umoci` cleans them: by their text alone, in a root of their own, before any link is looked at.

use crate::limits;
use crate::refusal::{Outcome, Refusal, shown};

/// The names on the way from the root. `..` takes one away, at the root none.
pub fn components(path: &[u8]) -> Outcome<Vec<&[u8]>> {
    if path.len() > limits::PATH_BYTES {
        return Err(Refusal::too_large(format_args!(
            "a path has more than {} bytes: {}",
            limits::PATH_BYTES,
            shown(path)
        )));
    }
    let mut names: Vec<&[u8]> = Vec::new();
    for part in path.split(|&byte| byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => {
                names.pop();
            }
            name if name.len() > limits::NAME_BYTES => {
                return Err(Refusal::too_large(format_args!(
                    "a name has more than {} bytes: {}",
                    limits::NAME_BYTES,
                    shown(name)
                )));
            }
            name => names.push(name),
        }
    }
    if names.len() > limits::DEPTH {
        return Err(Refusal::too_large(format_args!(
            "a path has more than {} folders: {}",
            limits::DEPTH,
            shown(path)
        )));
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_never_leaves_the_root() {
        for (path, names) in [
            ("a/b", vec!["a", "b"]),
            ("/a//b/", vec!["a", "b"]),
            ("./a/./b", vec!["a", "b"]),
            ("../../a", vec!["a"]),
            ("a/../../b", vec!["b"]),
            ("..", vec![]),
            ("/", vec![]),
            ("", vec![]),
            ("...", vec!["..."]),
        ] {
            let names: Vec<&[u8]> = names.into_iter().map(str::as_bytes).collect();
            assert_eq!(components(path.as_bytes()).unwrap(), names, "{path}");
        }
    }

    #[test]
    fn what_linux_has_no_room_for_is_refused() {
        assert!(components(&[b'a'; 255]).is_ok());
        assert!(components(&[b'a'; 256]).is_err());
        assert!(components("a/".repeat(128).as_bytes()).is_ok());
        assert!(components("a/".repeat(129).as_bytes()).is_err());
        assert!(components("a/../".repeat(900).as_bytes()).is_err());
    }
}
