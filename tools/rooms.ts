/**
 * The house's plan as data: which room may see which, and the few files with leave to do what others may not.
 * `docs/architecture.md` tells the same for people; `check-rooms.ts` holds the code to it.
 */

const GROUND = ["operations", "system", "contract"] as const;
const MEANS = ["catalog", "disks", "network", "ports", "drivers", "agent"] as const;

/** What each room may import, besides itself. Imports go down: never up, never sideways on one floor. */
export const SEES: Readonly<Record<string, readonly string[]>> = {
  contract: [],
  system: ["contract"],
  operations: ["system", "contract"],
  catalog: GROUND,
  disks: GROUND,
  network: GROUND,
  ports: GROUND,
  drivers: GROUND,
  agent: GROUND,
  images: ["catalog", "disks", ...GROUND],
  kernels: ["catalog", "disks", ...GROUND],
  vms: ["images", "kernels", "disks", "network", "ports", "drivers", "agent", ...GROUND],
  workspaces: ["vms", "agent", ...GROUND],
  sessions: ["vms", "agent", ...GROUND],
  builds: ["vms", "images", "agent", ...GROUND],
  ssh: ["vms", "agent", ...GROUND],
  daemon: ["workspaces", "sessions", "builds", "ssh", "vms", "images", "kernels", ...MEANS, ...GROUND],
  sdk: ["contract"],
  cli: ["sdk", "contract"],
};

/**
 * What of a room its upstairs neighbours may import: the front door, `<room>/<room>.ts`, and what is listed here.
 * `contract` is words only, so all of it is public. `system` is entered by `system.ts`, the files that it passes on types from, and what joins two streams.
 */
export const PUBLIC: Readonly<Record<string, RegExp>> = {
  contract: /./,
  system: /^(?:database|join-streams|layout|log)\.ts$/,
  // The command line starts quicker when it loads of its client only what a verb needs.
  sdk: /^(?:open-client|is-daemon-up|launch-daemon|read-daemon-log|watch-daemon-end)\.ts$/,
};

/** Tests and what only they use. They wire for themselves and make their own files. `drivers/fake` is a driver like the others. */
export const TEST_SUPPORT = [/\.test\.ts$/, /\/test-[a-z-]+\.ts$/, /-suite\.ts$/, /^(?!drivers\/).*\/fake-[a-z-]+\.ts$/];

/** Files that put implementations together, and so may import deep. */
export const MAY_IMPORT_DEEP = [/^daemon\/wire(?:-local)?\.ts$/, ...TEST_SUPPORT];

/** Single imports that the table of rooms does not have, each with its reason. */
export const LEAVE: readonly { readonly from: string; readonly to: RegExp; readonly because: string }[] = [
  {
    from: "cli/main.ts",
    to: /^daemon\/(?:run-daemon|local-work)\.ts$/,
    because: "daemon and command line are one program, and this is its entry",
  },
  {
    from: "daemon/local-work.ts",
    to: /^system\/(?:make-system|json-log)\.ts$/,
    because: "it works where there is no daemon, and so nothing wired",
  },
  {
    from: "daemon/main.ts",
    to: /^system\/(?:make-system|json-log|log-sink)\.ts$/,
    because: "lock and config come before there is anything to wire",
  },
  {
    from: "cli/open-raw-terminal.ts",
    to: /^system\/native\.ts$/,
    because: "the modes of a terminal are the C library's, and one file speaks to that",
  },
  {
    from: "sdk/copy/descriptors.ts",
    to: /^system\/native\.ts$/,
    because: "holes, locks and times are the C library's, and one file speaks to that",
  },
];

/** Modules and globals that reach the computer. */
export const TOUCHES = /^(?:node:)?(?:fs|fs\/promises|child_process|sqlite|worker_threads)$|^bun(?::(?:ffi|sqlite))?$/;
/**
 * Who may use them: `system`, tests, and above the socket, where there is no `system`, what starts a daemon, what prints and what reads stdin,
 * and what copies the user's files: as the user's own program it has their folder and their rights, and the daemon touches none.
 * `input-path` asks what a descriptor is, `through-a-pipe` runs the command line again with a pipe for its stdin, `run-ssh` runs OpenSSH, and `tell-ready` is the daemon's end of the descriptor that `launch-daemon` hands over.
 */
export const MAY_TOUCH = [
  /^system\//,
  /^sdk\/(?:check-socket-folder|is-daemon-up|launch-daemon|read-daemon-log|wait-for-daemon)\.ts$/,
  /^sdk\/copy\//,
  /^cli\/(?:input-path|open-stdin|print|run-nethelper|ssh\/run-ssh|through-a-pipe)\.ts$/,
  /^daemon\/tell-ready\.ts$/,
  ...TEST_SUPPORT,
];

/** Who may read the environment of the process. */
export const MAY_READ_ENVIRONMENT = [/^daemon\/config\.ts$/, /^cli\/main\.ts$/, ...TEST_SUPPORT];

/** Names that say a role instead of a thing. */
export const FORBIDDEN_NAMES = /(?:^|-)(?:utils?|helpers?|common|managers?|services?|misc)(?=[-.])/;

/** Tests may have more. */
export const MOST_LINES = 300;
/** How a file says that it is longer on purpose, or that nobody wrote it. */
export const LONG_ON_PURPOSE = /longer than 300 lines because \w+|^\/\*\* Generated /i;
