/** Has systemd start the daemon when somebody connects, and undoes that. */
import { dirname } from "node:path";
import { BangerError } from "../../contract/errors.ts";
import type { InstalledUnits, UnitFile } from "../../contract/local-work.ts";
import type { System } from "../../system/system.ts";
import { makeUnitFiles, placesOf, unitName, type UnitOptions } from "./unit-files.ts";
import { findRoots } from "../../contract/roots.ts";

const TIMEOUT_MS = 60_000;
const FILE_MAX_BYTES = 2 ** 20;

type Parts = Pick<System, "files" | "processes">;

/** Throws `refused` `needs_root` and `unavailable` `no_systemd`; what was there before is then there again. */
export async function installUnits({ files, processes }: Parts, options: UnitOptions, uid: number): Promise<InstalledUnits> {
  checkRoot(options, uid, "install");
  const units = makeUnitFiles(options);
  const before = await Promise.all(
    units.map(async ({ path }) => ((await files.find(path)) === undefined ? undefined : files.readText(path, FILE_MAX_BYTES))),
  );
  // systemd opens the log before the daemon can make its folder.
  await files.makeFolder(findRoots(placesOf(options)).state);
  try {
    for (const { path, text } of units) {
      await files.makeFolder(dirname(path), 0o755);
      await files.write(path, text, 0o644);
    }
    await systemctl(processes, options, ["daemon-reload"]);
    await systemctl(processes, options, ["enable", "--now", `${unitName(options)}.socket`]);
  } catch (error) {
    // A socket that could not begin to listen may be enabled all the same.
    if (before.every((text) => text === undefined)) await tryToDisable(processes, options);
    for (const [at, { path }] of units.entries()) {
      const text = before[at];
      if (text === undefined) await files.removeFile(path);
      else await files.write(path, text, 0o644);
    }
    throw error;
  }
  return { paths: units.map(({ path }) => path), ...(await findLinger(processes, options, uid)) };
}

/** The paths that were removed. Vms run on. */
export async function uninstallUnits({ files, processes }: Parts, options: UnitOptions, uid: number): Promise<readonly string[]> {
  checkRoot(options, uid, "uninstall");
  const found = await findInstalled(files, makeUnitFiles(options));
  if (found.length === 0) return [];
  const name = unitName(options);
  await systemctl(processes, options, ["disable", "--now", `${name}.socket`, `${name}.service`]);
  for (const { path } of found) await files.removeFile(path);
  await systemctl(processes, options, ["daemon-reload"]);
  return found.map(({ path }) => path);
}

async function tryToDisable(processes: System["processes"], options: UnitOptions): Promise<void> {
  try {
    await systemctl(processes, options, ["disable", `${unitName(options)}.socket`]);
  } catch (error) {
    // There is no systemd to be asked: the failure that led here says so.
    if (!(error instanceof BangerError)) throw error;
  }
}

async function findInstalled(files: System["files"], units: readonly UnitFile[]): Promise<readonly UnitFile[]> {
  const infos = await Promise.all(units.map(({ path }) => files.find(path)));
  return units.filter((_, at) => infos[at] !== undefined);
}

async function systemctl(processes: System["processes"], { scope, environment }: UnitOptions, words: readonly string[]): Promise<void> {
  const argv = ["systemctl", ...(scope === "user" ? ["--user"] : []), "--no-ask-password", ...words];
  try {
    await processes.runOk(argv, { timeoutMs: TIMEOUT_MS, env: busOf(environment) });
  } catch (error) {
    if (!(error instanceof BangerError)) throw error;
    throw new BangerError("unavailable", "no_systemd", `cannot have systemd start the daemon: ${error.message}`, {
      hint: `banger daemon install${scope === "system" ? " --system" : ""} --print shows the units; without systemd the daemon starts when it is needed`,
      cause: error,
    });
  }
}

/** How the user's own service manager is found. */
function busOf(environment: UnitOptions["environment"]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    ["XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"].flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]])),
  );
}

async function findLinger(
  processes: System["processes"],
  options: UnitOptions,
  uid: number,
): Promise<Pick<InstalledUnits, "linger" | "user">> {
  if (options.scope === "system" || processes.which("loginctl") === undefined) return { linger: null, user: null };
  const { code, stdout } = await processes.run(["loginctl", "show-user", String(uid), "--property=Linger", "--property=Name"], {
    timeoutMs: TIMEOUT_MS,
  });
  if (code !== 0) return { linger: null, user: null };
  const linger = /^Linger=(yes|no)$/m.exec(stdout)?.[1];
  return { linger: linger === undefined ? null : linger === "yes", user: /^Name=(.+)$/m.exec(stdout)?.[1] ?? null };
}

function checkRoot({ scope }: UnitOptions, uid: number, verb: "install" | "uninstall"): void {
  if (scope === "user" || uid === 0) return;
  throw new BangerError("refused", "needs_root", `cannot ${verb} units for the whole computer: we are not root`, {
    hint: `sudo banger daemon ${verb} --system, or without --system for you alone`,
  });
}
