use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

struct Scratch(PathBuf);

static COUNT: AtomicU32 = AtomicU32::new(0);

impl Scratch {
    fn new() -> Self {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("banger-find-{}-{number}", std::process::id()));
        fs::create_dir_all(path.join("root")).unwrap();
        Self(path)
    }

    fn program(self, path: &str) -> Self {
        let path = self.place(path);
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        self
    }

    fn link(self, from: &str, to: &str) -> Self {
        symlink(to, self.place(from)).unwrap();
        self
    }

    fn place(&self, path: &str) -> PathBuf {
        let place = self.0.join("root").join(path.trim_start_matches('/'));
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        place
    }

    fn root(&self) -> NewRoot {
        NewRoot::open(&self.0.join("root")).unwrap()
    }

    fn find(&self, init: Init) -> Result<(Kind, String), String> {
        match find(init, &self.root()) {
            Ok(found) => Ok(found.map(|it| (it.kind, format!("{} {}", it.program, it.arguments.join(" ")))).unwrap()),
            Err(Trouble(why)) => Err(why),
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn found(kind: Kind, call: &str) -> Result<(Kind, String), String> {
    Ok((kind, call.to_owned()))
}

#[test]
fn the_agent_has_no_successor() {
    assert_eq!(find(Init::Agent, &Scratch::new().root()).unwrap(), None);
}

#[test]
fn what_a_link_leads_to_says_who_it_is() {
    for (target, kind) in [
        ("/usr/lib/systemd/systemd", Kind::Systemd),
        ("../usr/lib/runit/runit-init", Kind::Runit),
        ("/usr/bin/busybox", Kind::Busybox),
        ("../bin/busybox.static", Kind::Busybox),
        ("/usr/sbin/openrc-init", Kind::Openrc),
        ("/usr/lib/sysvinit/init", Kind::Other),
    ] {
        let scratch = Scratch::new().program(&target.replace("..", "")).link("/sbin/init", "/etc/alternatives/init");
        // Through a folder that is a link, and out of the root and back, as it looks from outside.
        let scratch =
            scratch.link("/etc/alternatives", "../../usr/alternatives").link("/usr/alternatives/init", target);
        let scratch = match target.strip_prefix("..") {
            Some(rest) => scratch.program(&format!("/usr{rest}")),
            None => scratch,
        };
        assert_eq!(scratch.find(Init::Image), found(kind, "/sbin/init /sbin/init"), "{target}");
    }
}

#[test]
fn an_image_is_looked_at_where_the_kernel_would() {
    let scratch = Scratch::new().program("/bin/init");
    assert_eq!(scratch.find(Init::Image), found(Kind::Other, "/bin/init /bin/init"));
    let scratch = scratch.program("/etc/init");
    assert_eq!(scratch.find(Init::Image), found(Kind::Other, "/etc/init /etc/init"));
}

#[test]
fn openrc_may_work_below_another() {
    let scratch = Scratch::new().program("/sbin/init");
    assert!(scratch.find(Init::Openrc).is_err(), "nothing of OpenRC is there");
    let scratch = scratch.program("/usr/sbin/openrc");
    assert_eq!(scratch.find(Init::Openrc), found(Kind::Other, "/sbin/init /sbin/init"));
    let scratch = scratch.program("/usr/sbin/openrc-init");
    assert_eq!(scratch.find(Init::Openrc), found(Kind::Openrc, "/usr/sbin/openrc-init /usr/sbin/openrc-init"));
    let systemd = Scratch::new().program("/lib/systemd/systemd").link("/sbin/init", "/lib/systemd/systemd");
    assert!(systemd.program("/sbin/openrc").find(Init::Openrc).is_err(), "systemd does not run OpenRC");
}

#[test]
fn busybox_is_told_what_to_be_and_s6_where_to_look() {
    let scratch = Scratch::new().program("/usr/bin/busybox").program("/usr/bin/s6-svscan");
    assert_eq!(scratch.find(Init::Busybox), found(Kind::Busybox, "/usr/bin/busybox init"));
    assert_eq!(scratch.find(Init::S6), found(Kind::S6, "/usr/bin/s6-svscan /usr/bin/s6-svscan /run/service"));
    let scratch = scratch.program("/init");
    assert!(scratch.find(Init::S6).unwrap().1.starts_with("/usr/bin/s6-svscan"), "any image may have an /init");
    let scratch = scratch.program("/package/admin/s6-overlay/libexec/preinit");
    assert_eq!(scratch.find(Init::S6), found(Kind::Other, "/init /init"));
}

#[test]
fn what_leads_nowhere_or_cannot_be_executed_is_not_there() {
    let scratch =
        Scratch::new().link("/sbin/init", "/sbin/init2").link("/sbin/init2", "init").link("/etc/init", "/gone");
    fs::write(scratch.place("/bin/init"), "").unwrap();
    let why = scratch.find(Init::Image).unwrap_err();
    assert_eq!(why, "the image has no init of its own: there is no program at /sbin/init, /etc/init, /bin/init");
    let folder = Scratch::new();
    fs::create_dir(folder.place("/sbin/init")).unwrap();
    assert!(folder.find(Init::Image).is_err());
}

#[test]
fn a_link_out_of_the_root_finds_nothing_there() {
    let scratch = Scratch::new();
    let outside = scratch.0.join("outside");
    fs::write(&outside, "").unwrap();
    fs::set_permissions(&outside, Permissions::from_mode(0o755)).unwrap();
    let scratch = scratch.link("/sbin/init", outside.to_str().unwrap()).link("/bin/init", "../../outside");
    assert!(scratch.find(Init::Image).is_err());
    assert!(scratch.find(Init::Runit).unwrap_err().contains("/lib/runit/runit-init"));
}
