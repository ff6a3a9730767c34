/** A catalog entry and its sources -> the arguments of mmdebstrap. Pure. */
import { BangerError } from "../../contract/errors.ts";
import type { DebianSource } from "../../catalog/catalog.ts";
import { MAKE_WORK_SEED, QUIET_UNITS, REMOVE_SEED_ARCHIVE, SEED_ARCHIVE_IN_TREE, SET_UP_SSHD, STRIP_IDENTITY } from "./customize.ts";

/** Debian's own keys, as its package `debian-archive-keyring` installs them; on the host and in the image alike. */
export const DEBIAN_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** Roots of trust and ids: `unshare` for everybody, `root` where user namespaces are switched off and we are root. */
export type BootstrapMode = "unshare" | "root";

export interface BootstrapPlan {
  readonly mode: BootstrapMode;
  readonly suite: string;
  readonly arch: string;
  readonly packages: readonly string[];
  readonly sources: readonly DebianSource[];
  /** Where the archive with the work seed goes, on the host. */
  readonly seedArchivePath: string;
}

export function bootstrapArguments(plan: BootstrapPlan): readonly string[] {
  const hooks = [
    STRIP_IDENTITY,
    SET_UP_SSHD,
    QUIET_UNITS,
    MAKE_WORK_SEED,
    `download ${SEED_ARCHIVE_IN_TREE} ${shellWord(plan.seedArchivePath)}`,
    REMOVE_SEED_ARCHIVE,
  ];
  return [
    "mmdebstrap",
    // Tells of each package on stderr: that is where progress comes from.
    "--verbose",
    `--mode=${plan.mode}`,
    "--format=tar",
    "--variant=minbase",
    // It would remove D-Bus's link to the machine-id; the rest of it is in a hook of ours.
    "--skip=cleanup/reproducible",
    // Each source names its keyring already; the check leaves a folder in /tmp when it is ended.
    "--skip=check/signed-by",
    `--architectures=${plan.arch}`,
    `--keyring=${DEBIAN_KEYRING}`,
    `--include=${plan.packages.join(",")}`,
    ...hooks.map((hook) => `--customize-hook=${hook}`),
    plan.suite,
    "-",
    ...plan.sources.map(sourceLine),
  ];
}

/** A source as apt's one-line format; mmdebstrap also writes it into the image. */
function sourceLine(source: DebianSource): string {
  const words = [source.uri, source.suite, ...source.components];
  const bad = words.find((word) => !/^[\w.:/~+%@-]+$/.test(word));
  if (bad !== undefined) {
    throw new BangerError(
      "invalid",
      "bad_apt_source",
      `cannot use the apt source ${words.join(" ")}: ${JSON.stringify(bad)} has a character that does not belong there`,
    );
  }
  return `deb [signed-by=${DEBIAN_KEYRING}] ${words.join(" ")}`;
}

/** mmdebstrap splits the arguments of its own hooks like a shell does. */
function shellWord(path: string): string {
  return `'${path.replaceAll("'", String.raw`'\''`)}'`;
}
