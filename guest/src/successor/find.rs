//! Where the inits of the distributions lie.

use std::path::Path;

use super::{Kind, Successor, scan_folder};
use crate::plan::new_root::NewRoot;
use crate::plan::schema::Init;
use crate::plan::stages::{Done, Trouble};

const SYSTEMD: [&str; 2] = ["/usr/lib/systemd/systemd", "/lib/systemd/systemd"];
const OPENRC: [&str; 3] = ["/sbin/openrc-init", "/usr/sbin/openrc-init", "/usr/bin/openrc-init"];
/// What an init that is not OpenRC's own runs to have OpenRC do the work.
const OPENRC_ITSELF: [&str; 4] = ["/sbin/openrc", "/usr/sbin/openrc", "/bin/openrc", "/usr/bin/openrc"];
pub const RUNIT: [&str; 6] = [
    "/sbin/runit-init",
    "/usr/sbin/runit-init",
    "/usr/bin/runit-init",
    "/bin/runit-init",
    "/lib/runit/runit-init",
    "/usr/lib/runit/runit-init",
];
const S6_LINUX_INIT: [&str; 2] = ["/etc/s6-linux-init/current/bin/init", "/etc/s6-linux-init/bin/init"];
/// The mark of s6-overlay, whose `/init` it is then.
const S6_OVERLAY: [&str; 2] = ["/package/admin/s6-overlay/libexec/preinit", "/etc/s6/init/init-stage1"];
const S6_SCANNER: [&str; 5] =
    ["/usr/bin/s6-svscan", "/bin/s6-svscan", "/command/s6-svscan", "/usr/sbin/s6-svscan", "/sbin/s6-svscan"];
const BUSYBOX: [&str; 4] = ["/bin/busybox", "/usr/bin/busybox", "/sbin/busybox", "/usr/sbin/busybox"];
/// Where the kernel looks.
const KERNELS_CHOICE: [&str; 3] = ["/sbin/init", "/etc/init", "/bin/init"];

/// The init that the plan names, none for the agent. `Err` says where it was looked for.
pub fn find(init: Init, root: &NewRoot) -> Done<Option<Successor>> {
    let mut search = Search { root, looked_at: Vec::new() };
    let found = match init {
        Init::Agent => return Ok(None),
        Init::Systemd => search.any(&SYSTEMD),
        Init::Openrc => search.any(&OPENRC).or_else(|| search.openrc_below_another()),
        Init::Runit => search.any(&RUNIT),
        Init::S6 => search.s6(),
        Init::Busybox => search.any(&BUSYBOX).map(|it| Successor { arguments: vec!["init".into()], ..it }),
        Init::Image => search.any(&KERNELS_CHOICE),
    };
    match found {
        Some(successor) => Ok(Some(successor)),
        None => {
            Err(Trouble(format!("the image has no {init}: there is no program at {}", search.looked_at.join(", "))))
        }
    }
}

struct Search<'a> {
    root: &'a NewRoot,
    looked_at: Vec<&'static str>,
}

impl Search<'_> {
    fn any(&mut self, places: &[&'static str]) -> Option<Successor> {
        places.iter().find_map(|&place| {
            self.looked_at.push(place);
            let real = self.root.find_program(place)?;
            Some(Successor { kind: kind_of(&real), program: place.into(), arguments: vec![place.into()] })
        })
    }

    fn openrc_below_another(&mut self) -> Option<Successor> {
        let found = self.any(&KERNELS_CHOICE[..1])?;
        let is_driven_by_another = matches!(found.kind, Kind::Other | Kind::Busybox);
        (is_driven_by_another && self.any(&OPENRC_ITSELF).is_some()).then_some(found)
    }

    fn s6(&mut self) -> Option<Successor> {
        if let Some(found) = self.any(&S6_LINUX_INIT) {
            return Some(found);
        }
        if self.any(&S6_OVERLAY).is_some() {
            return self.any(&["/init"]);
        }
        let found = self.any(&S6_SCANNER)?;
        let arguments = vec![found.program.clone(), scan_folder::FOLDER.into()];
        Some(Successor { kind: Kind::S6, arguments, ..found })
    }
}

/// A program goes by the name that the image's links lead to in the end: `/sbin/init` says nothing.
fn kind_of(program: &Path) -> Kind {
    match program.file_name().and_then(|name| name.to_str()).unwrap_or_default() {
        "systemd" => Kind::Systemd,
        "openrc-init" => Kind::Openrc,
        "runit" | "runit-init" => Kind::Runit,
        name if name == "busybox" || name.starts_with("busybox.") => Kind::Busybox,
        _ => Kind::Other,
    }
}

#[cfg(test)]
#[path = "find_test.rs"]
mod tests;
