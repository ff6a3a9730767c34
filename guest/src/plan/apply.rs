//! Makes the guest what its plan says. Blocks; to be run in a thread of its own.

use crate::http::answer::Refusal;
use crate::plan::once::Applied;
use crate::plan::root::Assembled;
use crate::plan::schema::{Init, Plan};
use crate::plan::stages::Stages;
use crate::plan::{disks, files, network, root, seed, switch, systemd};

pub fn apply(plan: &Plan) -> Result<Applied, Refusal> {
    let mut stages = Stages::default();
    // First of all: whatever is random from here on is this guest's own, and files are written at the right time.
    stages.run("seed", || seed::apply(plan))?;
    let found = stages.run("disks", || disks::find_all(plan))?;
    let Assembled { root: new_root, reserve } = stages.run("mounts", || root::assemble(plan, &found))?;
    stages.run("files", || files::write(plan, &new_root))?;
    // Before anything of the guest's own runs, which could take the room.
    reserve.fill();
    stages.run("network", || network::set_up(plan.network.as_ref()))?;
    if plan.init == Init::Systemd {
        stages.run("systemd", || systemd::prepare(plan))?;
    }
    stages.run("root", || switch::enter(new_root))?;
    let kernel = rustix::system::uname().release().to_string_lossy().into_owned();
    Ok(Applied { stages: stages.done, kernel })
}
