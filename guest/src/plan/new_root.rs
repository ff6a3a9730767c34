//! A root that is not yet ours to stand in. Links in it are the guest's, and are followed as the guest would: never out of it.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{
    AtFlags, FileType, Mode, OFlags, ResolveFlags, chmodat, fchmod, fstat, mkdirat, openat, openat2, renameat, unlinkat,
};
use rustix::io::Errno;

const FOLDER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
/// A configuration file longer than this is not one that we edit.
const MAX_FILE_BYTES: u64 = 1024 * 1024;
/// More services than anybody supervises.
const MAX_NAMES: usize = 1000;

pub struct NewRoot {
    pub folder: OwnedFd,
}

impl NewRoot {
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { folder: rustix::fs::open(path, FOLDER, Mode::empty())? })
    }

    /// Opens the folder `path`, making what is missing of it.
    pub fn make_folder(&self, path: &str) -> io::Result<OwnedFd> {
        let mut walked = PathBuf::from(".");
        for part in Path::new(path).components() {
            if let Component::Normal(name) = part {
                if self.resolve(&walked.join(name), FOLDER).is_err() {
                    let parent = self.resolve(&walked, FOLDER)?;
                    match mkdirat(&parent, name, Mode::from_raw_mode(0o755)) {
                        Ok(()) | Err(Errno::EXIST) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
                walked.push(name);
            }
        }
        self.resolve(&walked, FOLDER)
    }

    /// A folder's name that can be mounted on, wherever the guest's links have led.
    pub fn mount_point(folder: &OwnedFd) -> String {
        format!("/proc/self/fd/{}", folder.as_raw_fd())
    }

    pub fn chmod(&self, path: &str, mode: u32) -> io::Result<()> {
        let folder = self.make_folder(path)?;
        Ok(chmodat(rustix::fs::CWD, Self::mount_point(&folder), Mode::from_raw_mode(mode), AtFlags::empty())?)
    }

    /// The text of a file; empty when there is none, or none that we could edit.
    pub fn read(&self, path: &str) -> String {
        let mut text = String::new();
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
        match self
            .resolve(Path::new(path), flags)
            .map(|file| File::from(file).take(MAX_FILE_BYTES).read_to_string(&mut text))
        {
            Ok(Ok(_)) => text,
            _ => String::new(),
        }
    }

    /// Where the program `path` really lies, as seen from the root; None when there is no file there that may be executed.
    pub fn find_program(&self, path: &str) -> Option<PathBuf> {
        let program = self.resolve(Path::new(path), OFlags::PATH | OFlags::CLOEXEC).ok()?;
        let found = fstat(&program).ok()?;
        if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile || found.st_mode & 0o111 == 0 {
            return None;
        }
        let root = fs::read_link(Self::mount_point(&self.folder)).ok()?;
        let place = fs::read_link(Self::mount_point(&program)).ok()?;
        Some(Path::new("/").join(place.strip_prefix(root).ok()?))
    }

    /// The names in the folder `path`, in order; none when there is no such folder.
    pub fn names(&self, path: &str) -> Vec<String> {
        let Ok(folder) = self.resolve(Path::new(path), FOLDER) else { return Vec::new() };
        let Ok(entries) = fs::read_dir(Self::mount_point(&folder)) else { return Vec::new() };
        let names = entries.take(MAX_NAMES).flatten().filter_map(|entry| entry.file_name().into_string().ok());
        let mut names: Vec<String> = names.collect();
        names.sort_unstable();
        names
    }

    /// Puts a file where `path` says, in the place of whatever is there, a link included: the link's target is not touched.
    pub fn write(&self, path: &str, text: &str) -> io::Result<()> {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        let parent = self.make_folder(parent)?;
        let temporary = format!(".{name}.banger");
        let _ = unlinkat(&parent, &*temporary, AtFlags::empty());
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(openat(&parent, &*temporary, flags, Mode::from_raw_mode(0o644))?);
        // Whatever the umask is.
        fchmod(&file, Mode::from_raw_mode(0o644))?;
        file.write_all(text.as_bytes())?;
        Ok(renameat(&parent, &*temporary, &parent, name)?)
    }

    fn resolve(&self, path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        Ok(openat2(&self.folder, path, flags, Mode::empty(), ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS)?)
    }
}

#[cfg(test)]
#[path = "new_root_test.rs"]
mod tests;
