/**
 * Every name on disk, in one place. `docs/on-disk-layout.md` tells the same for people.
 *
 * Four roots. With `BANGER_HOME` all are below it; otherwise they follow the XDG base directory specification. `run` holds
 * sockets and dies with the boot; the others last. A unix socket's path may have 107 bytes: `run` paths are kept short, and
 * a root that leaves no room is refused at once, not at the first VM.
 */
import { join } from "node:path";
import { BangerError } from "../contract/errors.ts";
import { daemonLogOf, daemonNoteOf, daemonSocketOf, findRoots, type Roots, type RootsEnvironment } from "../contract/roots.ts";

/** Bytes a unix socket path may have, without the closing zero. */
export const SOCKET_PATH_MAX_BYTES = 107;

/** The longest name that we put below `run`: `v/` + 12 hex digits + `/` + the socket's name. */
const LONGEST_RUN_NAME = "/v/0123456789ab/console.sock";

export interface Layout {
  readonly roots: Roots;
  readonly configFile: string;
  readonly database: string;
  /** Takes room, and goes when the database needs it. */
  readonly ballast: string;
  readonly daemonLock: string;
  readonly daemonLog: string;
  readonly daemonSocket: string;
  /** Which process the daemon is and where it listens, while one runs. */
  readonly daemonNote: string;
  /** Has the folder of each VM, named by its id. */
  readonly vms: string;
  /** Holds `layer.ext4`, `work.ext4`, `console.log`, `vmm.log` of one VM. */
  vmFolder(vmId: string): string;
  /** What a VM's guest wrote on its serial port. Beside it, ending in `.times`, lies when. */
  consoleLog(vmId: string): string;
  /** What a VM's VMM and the keeper of its console said. */
  vmmLog(vmId: string): string;
  /** Of the network namespace that vms have in common: who has which slot, and the pipe of what keeps it. */
  readonly network: string;
  /** What the processes of that namespace said. */
  readonly networkLog: string;
  /** What pasta said: not below `run`, where Debian's profile of AppArmor for it forbids it to write. */
  readonly pastaLog: string;
  /** Holds the sockets of one VM. */
  vmRunFolder(vmId: string): string;
  readonly kernels: string;
  /** Files of kernels by their sha256; a kernel has them as further names of the same files. */
  readonly blobs: string;
  /** Has `NAME.log`: what the last build of the kernel of a name said. */
  readonly kernelBuilds: string;
  readonly images: string;
  /** What steps of builds left, by the identity of all that was done until then. */
  readonly builds: string;
  /** Where buildah works, a folder for each build by a Dockerfile. */
  readonly buildah: string;
  /** Downloads under way, and finished ones by digest. */
  readonly downloads: string;
  /** How new the newest release was that each archive ever showed us: lost, an older one could be passed off as today's. */
  readonly seenReleases: string;
  /** Pre-formatted empty layers. */
  readonly blanks: string;
  /** Initramfs files put together for one kernel and one agent. */
  readonly initrds: string;
  /** The guest agent's binary, by digest. */
  readonly agents: string;
  /** Our key pair for guests, what they are known by, and what OpenSSH's client is told. */
  readonly ssh: string;
  /** What was found out about this computer in this boot. */
  readonly hostFacts: string;
}

/** The names on disk for an environment. Throws `invalid` when no home is known or the sockets would have no room. */
export function makeLayout(environment: RootsEnvironment): Layout {
  const roots = findRoots(environment);
  const longest = Buffer.byteLength(roots.run + LONGEST_RUN_NAME);
  if (longest > SOCKET_PATH_MAX_BYTES) {
    throw new BangerError(
      "invalid",
      "run_folder_too_long",
      `cannot use the run folder ${roots.run}: its sockets would have paths of ${longest} bytes, and Linux allows ${SOCKET_PATH_MAX_BYTES}`,
      { hint: "set BANGER_HOME or XDG_RUNTIME_DIR to a shorter path" },
    );
  }
  const vms = join(roots.state, "vms");
  return {
    roots,
    configFile: join(roots.config, "config.toml"),
    database: join(roots.state, "banger.db"),
    ballast: join(roots.state, "ballast"),
    daemonLock: join(roots.state, "daemon.lock"),
    daemonLog: daemonLogOf(roots),
    daemonSocket: daemonSocketOf(roots),
    daemonNote: daemonNoteOf(roots),
    vms,
    vmFolder: (vmId) => join(vms, vmId),
    consoleLog: (vmId) => join(vms, vmId, "console.log"),
    vmmLog: (vmId) => join(vms, vmId, "vmm.log"),
    network: join(roots.run, "net"),
    networkLog: join(roots.run, "net", "network.log"),
    pastaLog: join(roots.state, "pasta.log"),
    vmRunFolder: (vmId) => join(roots.run, "v", vmId),
    kernels: join(roots.data, "kernels"),
    blobs: join(roots.data, "blobs"),
    builds: join(roots.data, "builds"),
    buildah: join(roots.data, "buildah"),
    kernelBuilds: join(roots.state, "kernel-builds"),
    images: join(roots.data, "images"),
    downloads: join(roots.cache, "downloads"),
    seenReleases: join(roots.state, "seen-releases.json"),
    blanks: join(roots.state, "blanks"),
    initrds: join(roots.cache, "initrds"),
    agents: join(roots.cache, "agents"),
    ssh: join(roots.state, "ssh"),
    hostFacts: join(roots.cache, "host-facts.json"),
  };
}
