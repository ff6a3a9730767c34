//! `umoci`: who says what layers mean.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::workshop::Workshop;

fn run(words: &[&str]) -> Result<(), String> {
    let done = Command::new("umoci").args(words).output().map_err(|error| format!("umoci: {error}"))?;
    if done.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&done.stderr).into_owned()) }
}

/// Makes an image of the archives and unpacks it: the folder that comes of it.
pub fn unpack(workshop: &Workshop, archives: &[PathBuf]) -> Result<PathBuf, String> {
    let layout = workshop.path("layout");
    let _ = std::fs::remove_dir_all(&layout);
    let image = format!("{}:it", layout.display());
    run(&["init", "--layout", text(&layout)])?;
    run(&["new", "--image", &image])?;
    for archive in archives {
        run(&["raw", "add-layer", "--image", &image, text(archive)])?;
    }
    let root = workshop.path("root");
    let _ = std::fs::remove_dir_all(&root);
    run(&["raw", "unpack", "--image", &image, text(&root)])?;
    Ok(root)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
