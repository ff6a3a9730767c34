//! What the host wants: parsed strictly.

use serde::Deserialize;

use crate::http::answer::Refusal;

/// More than any list of files that are nobody else's business.
const MAX_PATHS: usize = 1000;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Export {
    /// Of files and folders, from the root, without a slash before; one `*` in the last name stands for anything. With a slash behind: what
    /// is in that folder, and not itself.
    pub leave_out: Vec<String>,
    /// Files of which there is the name, and nothing in them; with a slash behind, all those below that folder.
    pub emptied: Vec<String>,
    /// Where the work disk is mounted is what is on it, and not what the root has there.
    #[serde(default)]
    pub home: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Forget {
    /// Of files and folders, from where the work disk is mounted, in the form of `leave_out`.
    pub paths: Vec<String>,
}

impl Export {
    pub fn parse(json: &[u8]) -> Result<Self, Refusal> {
        let spec: Self = serde_json::from_slice(json).map_err(|error| odd(&error))?;
        check(spec.leave_out.iter().chain(&spec.emptied))?;
        Ok(spec)
    }
}

impl Forget {
    pub fn parse(json: &[u8]) -> Result<Self, Refusal> {
        let spec: Self = serde_json::from_slice(json).map_err(|error| odd(&error))?;
        check(spec.paths.iter())?;
        Ok(spec)
    }
}

fn odd(error: &serde_json::Error) -> Refusal {
    Refusal::invalid(format!("the body is not what it should be: {error}"))
}

fn check<'a>(mut paths: impl Iterator<Item = &'a String> + Clone) -> Result<(), Refusal> {
    if paths.clone().count() > MAX_PATHS {
        return Err(Refusal::invalid(format!("there are more than {MAX_PATHS} paths")));
    }
    match paths.find(|path| !is_plain(path)) {
        Some(path) => Err(Refusal::invalid(format!("{path:?} is not a plain path below a folder"))),
        None => Ok(()),
    }
}

fn is_plain(path: &str) -> bool {
    let mut names = path.strip_suffix('/').unwrap_or(path).split('/').peekable();
    let mut all_plain = true;
    while let Some(name) = names.next() {
        let stars = name.matches('*').count();
        let may_have_star = names.peek().is_none();
        all_plain &= !matches!(name, "" | "." | "..") && !name.contains('\0') && stars <= usize::from(may_have_star);
    }
    all_plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_plain() {
        for path in ["etc/machine-id", "tmp/", "etc/ssh/ssh_host_*", "a", ".ssh/", "*.log"] {
            assert!(is_plain(path), "{path}");
        }
        for path in ["", "/", "/etc", "a//b", "a/../b", ".", "a/*/b", "a*b*", "a\0"] {
            assert!(!is_plain(path), "{path:?}");
        }
    }
}
