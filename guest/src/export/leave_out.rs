//! Lists of paths, some with a `*` in their last name.

/// Paths from a root, without a slash before.
pub struct Paths(Vec<Pattern>);

struct Pattern {
    folder: String,
    /// What its last name begins and ends with; one that has no star is whole in the first.
    begins: String,
    ends: Option<String>,
    /// What is in it is meant, and not itself.
    is_content: bool,
}

impl Paths {
    pub fn new(paths: &[String]) -> Self {
        Self(paths.iter().map(|path| Pattern::new(path)).collect())
    }

    /// Whether the thing `name` in `folder` is meant.
    pub fn has(&self, folder: &[u8], name: &[u8]) -> bool {
        self.0.iter().any(|pattern| !pattern.is_content && pattern.fits(folder, name))
    }

    /// Whether what is in the folder `name` in `folder` is meant.
    pub fn has_content_of(&self, folder: &[u8], name: &[u8]) -> bool {
        self.0.iter().any(|pattern| pattern.is_content && pattern.fits(folder, name))
    }
}

impl Pattern {
    fn new(path: &str) -> Self {
        let (path, is_content) = path.strip_suffix('/').map_or((path, false), |path| (path, true));
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let (begins, ends) =
            name.split_once('*').map_or((name, None), |(begins, ends)| (begins, Some(ends.to_owned())));
        Self { folder: folder.into(), begins: begins.into(), ends, is_content }
    }

    fn fits(&self, folder: &[u8], name: &[u8]) -> bool {
        if folder != self.folder.as_bytes() {
            return false;
        }
        match &self.ends {
            None => name == self.begins.as_bytes(),
            Some(ends) => name.strip_prefix(self.begins.as_bytes()).is_some_and(|rest| rest.ends_with(ends.as_bytes())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_stars() {
        let paths =
            Paths::new(&["etc/ssh/ssh_host_*_key".into(), "tmp/".into(), "machine".into(), ".*_history".into()]);
        for (folder, name) in
            [("etc/ssh", "ssh_host_rsa_key"), ("etc/ssh", "ssh_host__key"), ("", "machine"), ("", "._history")]
        {
            assert!(paths.has(folder.as_bytes(), name.as_bytes()), "{folder} {name}");
        }
        for (folder, name) in [("etc", "ssh_host_rsa_key"), ("etc/ssh", "ssh_host_key"), ("", "tmp"), ("a", "machine")]
        {
            assert!(!paths.has(folder.as_bytes(), name.as_bytes()), "{folder} {name}");
        }
        assert!(paths.has_content_of(b"", b"tmp"));
        assert!(!paths.has_content_of(b"", b"machine"));
    }
}
