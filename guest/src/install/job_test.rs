use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

use super::record::Progress;
use super::*;

struct Scratch(PathBuf);

static COUNT: AtomicU32 = AtomicU32::new(0);

impl Scratch {
    fn of(distribution: &str) -> Self {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let scratch = Self(std::env::temp_dir().join(format!("banger-job-{}-{number}", std::process::id())));
        fs::create_dir_all(scratch.0.join("etc")).unwrap();
        fs::write(scratch.0.join("etc/os-release"), format!("ID={distribution}\n")).unwrap();
        scratch.program("bin/sh")
    }

    fn program(self, path: &str) -> Self {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        self
    }

    fn root(&self) -> NewRoot {
        NewRoot::open(&self.0).unwrap()
    }

    /// The family and whether it is done again; none when nothing is to be installed.
    fn choose(&self, init: &str, has_network: bool) -> Result<Option<(Family, bool)>, (&'static str, String)> {
        match choose(&plan(init, has_network), &self.root()) {
            Ok(Next::Known(_)) => Ok(None),
            Ok(Next::Install(job)) => Ok(Some((job.family, job.is_again))),
            Err(refusal) => Err((refusal.code, refusal.message)),
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn plan(init: &str, has_network: bool) -> Plan {
    let network = json!({"mac": "52:54:00:00:00:01", "address": "10.0.2.15/24", "gateway": "10.0.2.2", "dns": ["10.0.2.3"],
        "search": [], "mtu": 1500});
    let plan = json!({"hostname": "dev", "init": init, "time": {"unixMs": 1}, "entropy": "ab".repeat(32), "root": null,
        "work": null, "network": if has_network { network } else { Value::Null }});
    Plan::parse(plan.to_string().as_bytes()).unwrap()
}

#[test]
fn what_is_there_is_not_installed() {
    let scratch = Scratch::of("debian");
    assert_eq!(scratch.choose("agent", true), Ok(None));
    let scratch = scratch.program("usr/lib/systemd/systemd");
    assert_eq!(scratch.choose("systemd", true), Ok(None));
    assert_eq!(scratch.choose("systemd", false), Ok(None));
}

#[test]
fn what_is_missing_is_installed_as_its_distribution_does() {
    for (distribution, init, family) in [
        ("debian", "systemd", Family::Debian),
        ("alpine", "openrc", Family::Alpine),
        ("fedora", "systemd", Family::Fedora),
        ("arch", "systemd", Family::Arch),
        ("opensuse-tumbleweed", "systemd", Family::Opensuse),
    ] {
        assert_eq!(Scratch::of(distribution).choose(init, true), Ok(Some((family, false))), "{distribution}");
    }
}

#[test]
fn what_was_cut_off_is_done_again_though_it_is_there() {
    let scratch = Scratch::of("debian").program("usr/lib/systemd/systemd");
    record::write(&scratch.root(), Init::Systemd, Family::Debian, Progress::Begun).unwrap();
    assert_eq!(scratch.choose("systemd", true), Ok(Some((Family::Debian, true))));
    let (code, message) = scratch.choose("systemd", false).unwrap_err();
    assert_eq!(code, "needs_network");
    assert!(message.starts_with("systemd was not installed to its end; "), "{message}");
    record::write(&scratch.root(), Init::Systemd, Family::Debian, Progress::Done).unwrap();
    assert_eq!(scratch.choose("systemd", true), Ok(None));
}

#[test]
fn what_cannot_be_installed_is_refused_with_why() {
    let refused = |scratch: &Scratch, init: &str, has_network| {
        let (code, message) = scratch.choose(init, has_network).unwrap_err();
        assert!(message.starts_with("the image has no "), "{message}");
        (code, message)
    };
    let (code, message) = refused(&Scratch::of("debian"), "systemd", false);
    assert_eq!(code, "needs_network");
    assert!(message.ends_with("; it can be installed from the internet, to which this vm has no way out"), "{message}");
    let mut among_neighbours = plan("systemd", true);
    among_neighbours.network.as_mut().unwrap().dns.clear();
    let refusal = choose(&among_neighbours, &Scratch::of("debian").root()).map(|_| ()).unwrap_err();
    assert_eq!(refusal.code, "needs_network");
    let (code, message) = refused(&Scratch::of("alpine"), "systemd", true);
    assert_eq!(code, "no_systemd");
    assert!(message.ends_with("its init is OpenRC"), "{message}");
    let (code, message) = refused(&Scratch::of("void"), "systemd", true);
    assert_eq!(code, "no_init");
    assert!(message.ends_with("no distribution whose package manager could install it"), "{message}");
    let (code, message) = refused(&Scratch::of("debian"), "runit", true);
    assert_eq!((code, message.contains(';')), ("no_init", false), "{message}");
    let without_shell = Scratch::of("debian");
    fs::remove_file(without_shell.0.join("bin/sh")).unwrap();
    let (code, message) = refused(&without_shell, "systemd", true);
    assert_eq!(code, "no_init");
    assert!(message.ends_with("and no /bin/sh by which it could be installed"), "{message}");
}
