/** The units by which systemd starts the daemon when somebody connects. Pure. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { BangerError } from "../../contract/errors.ts";
import type { UnitFile, UnitScope } from "../../contract/local-work.ts";
import { daemonLogOf, daemonSocketOf, findRoots } from "../../contract/roots.ts";

type Variables = Readonly<Record<string, string | undefined>>;

export interface UnitOptions {
  readonly scope: UnitScope;
  /** The program, and what makes it be the command line. */
  readonly self: readonly string[];
  readonly environment: Variables;
}

/** Where a daemon of the whole computer keeps its things, unless BANGER_HOME says otherwise. */
export const SYSTEM_HOME = "/var/lib/banger";

/** Handed on to the daemon, so that it finds the same places and programs as the command line does. */
const PASSED_ON = ["BANGER_HOME", "PATH", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"];

/** The variables that say where the daemon of this scope keeps its things. */
export function placesOf({ scope, environment }: Pick<UnitOptions, "scope" | "environment">): Variables {
  return scope === "system" ? { PATH: environment["PATH"], BANGER_HOME: environment["BANGER_HOME"] ?? SYSTEM_HOME } : environment;
}

/** `banger`; a home of its own has units of its own. */
export function unitName({ scope, environment }: Pick<UnitOptions, "scope" | "environment">): string {
  const home = placesOf({ scope, environment })["BANGER_HOME"];
  if (home === undefined || (scope === "system" && home === SYSTEM_HOME)) return "banger";
  return `banger-${createHash("sha256").update(home).digest("hex").slice(0, 8)}`;
}

/** The socket, and the service behind it. Throws `invalid` when a path cannot be written in a unit. */
export function makeUnitFiles(options: UnitOptions): readonly UnitFile[] {
  const places = placesOf(options);
  const name = unitName(options);
  const folder =
    options.scope === "system"
      ? "/etc/systemd/system"
      : join(findRoots({ ...options.environment, BANGER_HOME: undefined }).config, "../systemd/user");
  return [
    { path: join(folder, `${name}.socket`), text: socketUnit(options.scope, daemonSocketOf(findRoots(places))) },
    { path: join(folder, `${name}.service`), text: serviceUnit(name, options, places) },
  ];
}

function socketUnit(scope: UnitScope, socketPath: string): string {
  const warning = scope === "system" ? "# Who may connect to this socket is root on this computer: leave it to root.\n" : "";
  return `[Unit]
Description=banger: the socket of its daemon

[Socket]
${warning}ListenStream=${plain(socketPath)}
SocketMode=0600
DirectoryMode=0700
RemoveOnStop=yes

[Install]
WantedBy=sockets.target
`;
}

function serviceUnit(name: string, { scope, self }: UnitOptions, places: Variables): string {
  const logPath = plain(daemonLogOf(findRoots(places)));
  const variables = PASSED_ON.flatMap((key) => (places[key] === undefined ? [] : [`Environment=${quoted(`${key}=${places[key]}`)}\n`]));
  return `[Unit]
Description=banger: the daemon behind disposable virtual machines
Requires=${name}.socket
After=${name}.socket

[Service]
Type=notify
ExecStart=${commandOf([...self, "daemon", "run"])}
${variables.join("")}StandardOutput=append:${logPath}
StandardError=append:${logPath}
# The processes of vms are the daemon's children, and outlive it: the next daemon finds them.
KillMode=process
OOMPolicy=continue
Restart=on-failure
RestartSec=2
TimeoutStartSec=120
TasksMax=infinity
LimitNOFILE=524288
LimitCORE=0
UMask=0077
${scope === "system" ? SYSTEM_HARDENING : USER_HARDENING}`;
}

const USER_HARDENING = `# Nothing here may imply NoNewPrivileges, as every filter of system calls does for a user's services: images are made
# with newuidmap, which is setuid.
`;

const SYSTEM_HARDENING = `# What lays mounts over /proc would keep user namespaces, in which images are made, from a /proc of their own; a device
# policy would take /dev/kvm and /dev/net/tun away; the daemon and emulated guests write the code that they run.
LockPersonality=yes
RestrictRealtime=yes
SystemCallArchitectures=native
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK AF_PACKET AF_VSOCK
`;

/** A value that systemd takes to the end of the line. */
function plain(value: string): string {
  return checked(value).replaceAll("%", "%%");
}

/** A value between quotes. */
function quoted(value: string): string {
  return `"${plain(value).replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/** In a word of a command a dollar would begin a variable; in the program itself it does not, and quotes are refused there. */
function commandOf([program = "", ...words]: readonly string[]): string {
  if (/["'\\]/.test(program)) throw badValue(program);
  return [quoted(program), ...words.map((word) => quoted(word).replaceAll("$", "$$$$"))].join(" ");
}

function checked(value: string): string {
  // oxlint-disable-next-line no-control-regex -- these are what is looked for
  if (!/[\u0000-\u001f\u007f]/.test(value) && value.trim() === value) return value;
  throw badValue(value);
}

function badValue(value: string): BangerError {
  return new BangerError("invalid", "bad_unit_value", `cannot write units for systemd: ${JSON.stringify(value)} cannot stand in one`, {
    hint: "use folders without control characters and without spaces at their ends, and a program without quotes in its path",
  });
}
