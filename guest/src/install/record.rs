//! What the guest itself keeps of an install, beside what was installed: how far it came.

use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::family::Family;
use crate::plan::new_root::NewRoot;
use crate::plan::schema::Init;

const PLACE: &str = "/var/lib/banger/installed-init.json";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Progress {
    Begun,
    Done,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Record {
    init: Init,
    family: Family,
    state: Progress,
    /// Milliseconds since the epoch.
    at: u64,
}

/// On the disk when it returns, and everything that was written before it.
pub fn write(root: &NewRoot, init: Init, family: Family, state: Progress) -> io::Result<()> {
    rustix::fs::sync();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    let record = Record { init, family, state, at: u64::try_from(now).unwrap_or(u64::MAX) };
    let text = serde_json::to_string(&record).map_err(io::Error::other)?;
    root.write(PLACE, &format!("{text}\n"))?;
    rustix::fs::sync();
    Ok(())
}

/// Whether an install of this init was begun, and cut off.
pub fn was_cut_off(root: &NewRoot, init: Init) -> bool {
    // One that cannot be read says nothing.
    serde_json::from_str(&root.read(PLACE))
        .is_ok_and(|record: Record| record.init == init && record.state == Progress::Begun)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_begun_is_cut_off_until_it_is_done() {
        let folder = std::env::temp_dir().join(format!("banger-record-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let root = NewRoot::open(&folder).unwrap();
        assert!(!was_cut_off(&root, Init::Systemd));
        write(&root, Init::Systemd, Family::Debian, Progress::Begun).unwrap();
        assert!(was_cut_off(&root, Init::Systemd));
        assert!(!was_cut_off(&root, Init::Openrc), "of another init");
        write(&root, Init::Systemd, Family::Debian, Progress::Done).unwrap();
        assert!(!was_cut_off(&root, Init::Systemd));
        let text = root.read(PLACE);
        assert!(text.starts_with(r#"{"init":"systemd","family":"debian","state":"done","at":1"#), "{text}");
        root.write(PLACE, "{").unwrap();
        assert!(!was_cut_off(&root, Init::Systemd));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
