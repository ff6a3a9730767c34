/**
 * What the command line does without a daemon though it touches the computer: it is about the daemon itself. Daemon and command
 * line are one program; its entry hands this over.
 */

import type { OperationEvent } from "./events.ts";
import type { DoctorReport } from "./schemas/finding.ts";

/** Whose service manager: the user's own, or the computer's, as root. */
export type UnitScope = "user" | "system";

export interface UnitFile {
  readonly path: string;
  readonly text: string;
}

export interface InstalledUnits {
  readonly paths: readonly string[];
  /** Whether the user's services go on without a login; null when that does not matter, or nobody could say. */
  readonly linger: boolean | null;
  /** Name of the user, for `loginctl enable-linger`. */
  readonly user: string | null;
}

export interface LocalVersions {
  readonly agent: string;
  readonly drivers: readonly {
    readonly name: string;
    readonly version: string | null;
    readonly acceleration: "kvm" | "tcg" | "none";
    readonly reason: string;
  }[];
}

export interface LocalWork {
  /** What doctor finds, by this process's own eyes; removes nothing. `onEvent` hears how far it is. */
  examine(request: { readonly deep: boolean }, onEvent: (event: OperationEvent) => void): Promise<DoctorReport>;
  /** The versions of what a daemon would work with. */
  findVersions(): Promise<LocalVersions>;
  /** The units as they would be installed. */
  listUnits(scope: UnitScope): readonly UnitFile[];
  /** Writes the units and has the service manager listen; replaces earlier ones. Throws `unavailable` `no_systemd`, and then leaves nothing. */
  installUnits(scope: UnitScope): Promise<InstalledUnits>;
  /** Undoes `installUnits`; the paths of what was there. Vms run on. */
  uninstallUnits(scope: UnitScope): Promise<readonly string[]>;
}
