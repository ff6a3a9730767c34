//! Makes the guest what its plan says. Blocks; to be run in a thread of its own.

use std::path::Path;

use crate::http::answer::Refusal;
use crate::init::console;
use crate::install::job::{self, Next};
use crate::plan::new_root::NewRoot;
use crate::plan::once::{Applied, Installs};
use crate::plan::root::Assembled;
use crate::plan::schema::Plan;
use crate::plan::stages::Stages;
use crate::plan::{disks, files, network, root, seed, switch};
use crate::successor::{Kind, host_keys, prepare};

pub fn apply(plan: &Plan) -> Result<Applied, Refusal> {
    let mut stages = Stages::default();
    // First of all: whatever is random from here on is this guest's own, and files are written at the right time.
    stages.run("seed", || seed::apply(plan))?;
    let found = stages.run("disks", || disks::find_all(plan))?;
    let Assembled { root: new_root, reserve } = stages.run("mounts", || root::assemble(plan, &found))?;
    // Before anything is written for an image that cannot be booted so.
    let (successor, job) = match job::choose(plan, &new_root)? {
        Next::Known(successor) => (successor, None),
        Next::Install(job) => (None, Some(job)),
    };
    stages.run("files", || files::write(plan, &new_root))?;
    // Before anything of the guest's own runs, which could take the room.
    reserve.fill();
    stages.run("network", || network::set_up(plan.network.as_ref()))?;
    if let Some(successor) = &successor {
        stages.run("init", || prepare::prepare(successor, plan, &new_root))?;
    }
    stages.run("root", || switch::enter(new_root))?;
    // Where it is seen: what is mounted by now hides what was below.
    if let Ok(root) = NewRoot::open(Path::new("/")) {
        files::make_working_folder(plan, &root);
    }
    // systemd's own units make it.
    if successor.as_ref().is_some_and(|successor| successor.kind != Kind::Systemd) {
        // Without one there is no sshd; everything else is as it should be.
        stages.run("host key", || {
            host_keys::make_missing()
                .unwrap_or_else(|error| console::complain(&format!("cannot make a host key: {error}")));
            Ok(())
        })?;
    }
    let kernel = rustix::system::uname().release().to_string_lossy().into_owned();
    let installs = job.as_ref().map(|job| Installs { init: plan.init, family: job.family });
    let successor = successor.map(|successor| successor.kind);
    Ok(Applied { stages: stages.done, kernel, installs, job, successor })
}
