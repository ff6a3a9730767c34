import type { System } from "../system/system.ts";
import type { About } from "./about.ts";
import type { Config } from "./config.ts";
import type { ConfigFile } from "./config-file.ts";
import type { Builds } from "../builds/builds.ts";
import type { Catalogs, Embedded } from "../catalog/catalog.ts";
import type { Images } from "../images/images.ts";
import type { Kernels } from "../kernels/kernels.ts";
import type { Operations } from "../operations/operations.ts";
import type { Doctor } from "./doctor/doctor.ts";
import type { Gate } from "./storage/gate.ts";
import type { Storage } from "./storage/storage.ts";
import type { Ssh } from "../ssh/ssh.ts";
import type { Vms } from "../vms/vms.ts";

/** The rooms that the handlers call. `wire.ts` makes the real ones. */
export interface Rooms {
  readonly vms: Vms;
  readonly builds: Builds;
  readonly ssh: Ssh;
  readonly kernels: Kernels;
  readonly images: Images;
  readonly catalogs: Catalogs;
  /** The catalog inside the program. */
  readonly embedded: Embedded;
  readonly operations: Operations;
  readonly storage: Storage;
  readonly doctor: Doctor;
  readonly about: About;
  /** Between those who use goods and those who remove them. */
  readonly gate: Gate;
}

/** This daemon, as its handlers see it. */
export interface DaemonSelf {
  readonly version: string;
  readonly pid: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly config: ConfigFile;
  /** Asks the daemon to end in good order, soon. */
  requestStop(): void;
  /** Something failed half way: has records and computer made to agree soon. */
  onTrouble(): void;
}

/** What `wire.ts` is given: the computer, and what the user configured. */
export interface WireOptions {
  readonly system: System;
  readonly config: Config;
  readonly configFile: ConfigFile;
  /** The environment, for the HTTP proxies and the logins that it may name or lead to. */
  readonly proxies: Readonly<Record<string, string | undefined>>;
  /** Told when something failed half way, so that records and computer may disagree. */
  readonly onTrouble: () => void;
}

/** Makes the rooms. Disposal lets every vm run on and closes what was opened. */
export type Wire = (options: WireOptions) => Promise<Rooms & AsyncDisposable>;
