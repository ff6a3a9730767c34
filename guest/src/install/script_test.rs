//! Each script with stand-ins for its package manager, which write down how they were called, in a tree of the test's own.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

struct World(PathBuf);

static COUNT: AtomicU32 = AtomicU32::new(0);
/// Programs of the computer that the scripts use.
const USED: [&str; 8] = ["cat", "chmod", "grep", "ln", "mkdir", "mv", "rm", "sync"];

impl World {
    /// With stand-ins of these names. `$ROOT` is the tree.
    fn with(stand_ins: &[&str]) -> Self {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let world = Self(std::env::temp_dir().join(format!("banger-script-{}-{number}", std::process::id())));
        for folder in ["bin", "root/etc"] {
            fs::create_dir_all(world.0.join(folder)).unwrap();
        }
        for name in stand_ins {
            world.stand_in(name, "");
        }
        for name in USED {
            let place = ["/usr/bin", "/bin"].iter().map(|folder| Path::new(folder).join(name)).find(|it| it.exists());
            std::os::unix::fs::symlink(place.unwrap(), world.0.join("bin").join(name)).unwrap();
        }
        world
    }

    /// One that does this, too.
    fn stand_in(&self, name: &str, also: &str) {
        let path = self.0.join("bin").join(name);
        let calls = self.0.join("calls");
        fs::write(&path, format!("#!/bin/sh\necho \"{name} $*\" >> {}\n{also}\n", calls.display())).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    }

    fn run(&self, family: Family, init: Init, turn: &str) -> (i32, Vec<String>, String) {
        let calls = self.0.join("calls");
        let _ = fs::remove_file(&calls);
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", of(family, init).unwrap(), "install"]).arg(self.0.join("root")).arg(turn);
        let ran = shell.env_clear().env("PATH", self.0.join("bin")).env("ROOT", self.0.join("root")).output().unwrap();
        let calls = fs::read_to_string(calls).unwrap_or_default().lines().map(str::to_owned).collect();
        (ran.status.code().unwrap(), calls, String::from_utf8_lossy(&ran.stderr).into_owned())
    }

    fn put(&self, path: &str, text: &str) {
        let path = self.0.join("root").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.0.join("root").join(path)).ok()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The first two words that are no options of each call.
fn verbs(calls: &[String]) -> Vec<String> {
    let plain = |call: &String| -> Vec<String> {
        let words = call.split(' ').filter(|word| !word.starts_with('-') && !word.contains("::"));
        words.take(2).map(str::to_owned).collect()
    };
    calls.iter().map(|call| plain(call).join(" ")).collect()
}

const POLICY: &str = "usr/sbin/policy-rc.d";
const KEY: &str = "etc/ssh/ssh_host_rsa_key";

#[test]
fn debian_starts_nothing_and_keeps_no_key() {
    let world = World::with(&["dpkg"]);
    let package = r#"case "$*" in *install*) [ "$DEBIAN_FRONTEND" = noninteractive ] || exit 7
        "$ROOT/usr/sbin/policy-rc.d"; [ $? = 101 ] || exit 8
        mkdir -p "$ROOT/etc/ssh"; echo key > "$ROOT/etc/ssh/ssh_host_rsa_key" ;; esac"#;
    world.stand_in("apt-get", package);
    let (code, calls, said) = world.run(Family::Debian, Init::Systemd, "first");
    assert_eq!((code, said.as_str()), (0, ""));
    assert_eq!(verbs(&calls), ["apt-get update", "apt-get install", "apt-get clean"]);
    assert!(calls[1].contains(" systemd ") && calls[1].contains(" openssh-server"), "{calls:?}");
    assert_eq!((world.read(POLICY), world.read(KEY)), (None, None));
    assert_eq!(world.read("var/lib/banger/had-no-host-key"), None);
    assert!(world.read("etc/systemd/system/ssh.service.d/banger.conf").unwrap().contains("ssh-keygen"));
    assert!(world.read("etc/ssh/sshd_config.d/banger.conf").unwrap().contains("PasswordAuthentication no"));
}

#[test]
fn debian_puts_back_what_it_found_and_goes_on_with_what_was_cut_off() {
    let world = World::with(&["dpkg", "apt-get"]);
    world.put(POLICY, "#!/bin/sh\nexit 0\n");
    world.put(KEY, "the image's own");
    world.put("etc/ssh/sshd_config.d/banger.conf", "mine");
    let (code, calls, _) = world.run(Family::Debian, Init::Systemd, "again");
    assert_eq!(code, 0);
    assert_eq!(verbs(&calls)[1..], ["apt-get install", "apt-get update", "apt-get install", "apt-get clean"]);
    assert!(calls[0].ends_with("--configure -a"), "{calls:?}");
    assert_eq!(world.read(POLICY).as_deref(), Some("#!/bin/sh\nexit 0\n"));
    assert_eq!(world.read(KEY).as_deref(), Some("the image's own"));
    assert_eq!(world.read("etc/ssh/sshd_config.d/banger.conf").as_deref(), Some("mine"));
    // Cut off between the two: ours is there, and the image's is put aside.
    world.put("usr/sbin/policy-rc.d.before-banger", "the image's");
    world.put(POLICY, "#!/bin/sh\n# of banger\nexit 101\n");
    assert_eq!(world.run(Family::Debian, Init::Systemd, "again").0, 0);
    assert_eq!(world.read(POLICY).as_deref(), Some("the image's"));
}

#[test]
fn debian_keeps_no_key_of_a_try_that_was_cut_off() {
    let world = World::with(&["dpkg"]);
    world.stand_in("apt-get", "mkdir -p \"$ROOT/etc/ssh\"; echo key > \"$ROOT/etc/ssh/ssh_host_rsa_key\"; exit 1");
    assert_eq!(world.run(Family::Debian, Init::Systemd, "first").0, 1);
    assert!(world.read(KEY).is_some());
    world.stand_in("apt-get", "");
    assert_eq!(world.run(Family::Debian, Init::Systemd, "again").0, 0);
    assert_eq!(world.read(KEY), None);
}

#[test]
fn debian_says_that_apt_could_not() {
    let world = World::with(&["dpkg"]);
    world.stand_in(
        "apt-get",
        "case \"$*\" in *install*) echo 'E: Unable to locate package systemd' >&2; exit 100;; esac",
    );
    let (code, _, said) = world.run(Family::Debian, Init::Systemd, "first");
    assert_eq!((code, said.as_str()), (100, "E: Unable to locate package systemd\n"));
    assert_eq!(world.read(POLICY), None, "it is put back all the same");
    assert_eq!(world.read("etc/ssh/sshd_config.d/banger.conf"), None);
}

#[test]
fn alpine_gets_openrc_with_what_a_container_lacks() {
    let world = World::with(&["apk", "rc-update"]);
    let (code, calls, said) = world.run(Family::Alpine, Init::Openrc, "first");
    assert_eq!((code, said.as_str()), (0, ""));
    assert_eq!(calls, ["apk add --no-cache openrc openssh", "rc-update add sshd default"]);
    let link = fs::read_link(world.0.join("root/sbin/init")).unwrap();
    assert_eq!(link, Path::new("/bin/busybox"));
    assert!(world.read("etc/inittab").unwrap().contains("::wait:/sbin/openrc default\n"));
    let conf = world.read("etc/rc.conf");
    let (_, calls, _) = world.run(Family::Alpine, Init::Openrc, "again");
    assert_eq!(calls[0], "apk fix --no-cache");
    assert_eq!(world.read("etc/rc.conf"), conf, "the second time changes nothing");
    world.put("etc/inittab", "mine");
    world.run(Family::Alpine, Init::Openrc, "first");
    assert_eq!(world.read("etc/inittab").as_deref(), Some("mine"));
}

#[test]
fn fedora_takes_the_manager_that_there_is() {
    for tool in ["dnf5", "dnf", "microdnf", "yum"] {
        let world = World::with(&[tool, "systemctl"]);
        let (code, calls, said) = world.run(Family::Fedora, Init::Systemd, "first");
        assert_eq!((code, said.as_str()), (0, ""));
        let install = format!("{tool} install -y --setopt=install_weak_deps=0 systemd openssh-server");
        assert_eq!(calls, [install.clone(), "systemctl enable sshd.service".into()]);
        let (_, calls, _) = world.run(Family::Fedora, Init::Systemd, "again");
        assert_eq!(calls[1], format!("{tool} reinstall -y systemd openssh-server"));
    }
    let (code, _, said) = World::with(&["systemctl"]).run(Family::Fedora, Init::Systemd, "first");
    assert_eq!((code, said.as_str()), (1, "there is no dnf, microdnf or yum\n"));
}

#[test]
fn arch_is_made_whole_and_loses_the_lock_of_who_was_cut_off() {
    let world = World::with(&["pacman", "pacman-key", "systemctl"]);
    let lock = "var/lib/pacman/db.lck";
    world.put(lock, "");
    let (code, calls, _) = world.run(Family::Arch, Init::Systemd, "first");
    assert_eq!(code, 0);
    assert_eq!(calls[..2], ["pacman-key --init", "pacman-key --populate"]);
    assert_eq!(calls[2], "pacman -Syu --noconfirm --needed systemd systemd-sysvcompat openssh");
    assert!(world.read(lock).is_some(), "it may be somebody's");
    world.put("etc/pacman.d/gnupg/pubring.gpg", "keys");
    let (_, calls, _) = world.run(Family::Arch, Init::Systemd, "again");
    assert_eq!(calls[0], "pacman -Syu --noconfirm systemd systemd-sysvcompat openssh");
    assert_eq!(world.read(lock), None);
}

#[test]
fn opensuse_takes_a_wish_to_start_anew_for_a_success() {
    let world = World::with(&["systemctl"]);
    world.stand_in("zypper", "case \"$*\" in *install*) exit 102;; esac");
    let (code, calls, _) = world.run(Family::Opensuse, Init::Systemd, "first");
    assert_eq!(code, 0);
    assert_eq!(verbs(&calls), ["zypper refresh", "zypper install", "systemctl enable"]);
    let (_, calls, _) = world.run(Family::Opensuse, Init::Systemd, "again");
    assert!(calls[2].contains("--force"), "{calls:?}");
    world.stand_in("zypper", "case \"$*\" in *install*) exit 104;; esac");
    assert_eq!(world.run(Family::Opensuse, Init::Systemd, "first").0, 104);
}

#[test]
fn every_family_is_stopped_by_the_first_that_fails() {
    let failing = [
        (Family::Debian, Init::Systemd, "apt-get"),
        (Family::Alpine, Init::Openrc, "apk"),
        (Family::Fedora, Init::Systemd, "dnf"),
        (Family::Arch, Init::Systemd, "pacman"),
        (Family::Opensuse, Init::Systemd, "zypper"),
    ];
    for (family, init, manager) in failing {
        let world = World::with(&["dpkg", "pacman-key", "systemctl", "rc-update"]);
        world.stand_in(manager, "exit 42");
        let (code, calls, _) = world.run(family, init, "first");
        assert_eq!(code, 42, "{family:?}");
        assert!(!calls.iter().any(|call| call.starts_with("systemctl") || call.starts_with("rc-update")), "{calls:?}");
    }
}
