/** How mmdebstrap gets its user ids on this computer: looked at first, so that a refusal comes with what to type. */
import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import type { BootstrapMode } from "./bootstrap-arguments.ts";
import { findRange, findUserName, freeRange, isLargeEnough } from "./subordinate-ids.ts";

/** Kernel settings that switch user namespaces off for ordinary users, and the value that does. */
const SWITCHES = [
  { path: "/proc/sys/kernel/unprivileged_userns_clone", off: "0", type: "sudo sysctl -w kernel.unprivileged_userns_clone=1" },
  {
    path: "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
    off: "1",
    type: "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
  },
  { path: "/proc/sys/user/max_user_namespaces", off: "0", type: "sudo sysctl -w user.max_user_namespaces=15000" },
] as const;

/** Always `unshare`, but `root` for a root that cannot have user namespaces. */
export async function chooseMode(system: System, uid: number, what: string, signal: AbortSignal): Promise<BootstrapMode> {
  if (uid === 0) return (await canUnshare(system, signal)) ? "unshare" : "root";
  await requireNamespaces(system, what);
  await requireRanges(system, uid, what);
  return "unshare";
}

async function canUnshare(system: System, signal: AbortSignal): Promise<boolean> {
  const result = await system.processes.run(["mmdebstrap", "--unshare-helper", "true"], { timeoutMs: 10_000, signal });
  return result.code === 0;
}

async function requireNamespaces(system: System, what: string): Promise<void> {
  for (const { path, off, type } of SWITCHES) {
    if ((await textOr(system, path, "")).trim() !== off) continue;
    throw new BangerError(
      "unavailable",
      "user_namespaces_off",
      `${what}: user namespaces are switched off for ordinary users (${path} is ${off})`,
      { hint: type },
    );
  }
}

async function requireRanges(system: System, uid: number, what: string): Promise<void> {
  const [passwd, subuid, subgid] = await Promise.all(["/etc/passwd", "/etc/subuid", "/etc/subgid"].map((path) => textOr(system, path, "")));
  const user = findUserName(passwd ?? "", uid);
  if (user === undefined) {
    throw new BangerError(
      "unavailable",
      "no_user_name",
      `${what}: the user id ${uid} has no name in /etc/passwd, and ranges of ids are given by name`,
    );
  }
  const lacking = [
    ...(isLargeEnough(findRange(subuid ?? "", user)) ? [] : ["/etc/subuid"]),
    ...(isLargeEnough(findRange(subgid ?? "", user)) ? [] : ["/etc/subgid"]),
  ];
  if (lacking.length === 0) return;
  const range = freeRange([subuid ?? "", subgid ?? ""]);
  throw new BangerError(
    "unavailable",
    "no_subordinate_ids",
    `${what}: ${user} has no 65536 ids of its own in ${lacking.join(" and ")}, which an image needs for its users`,
    {
      hint: `sudo usermod --add-subuids ${range} --add-subgids ${range} ${user}`,
    },
  );
}

async function textOr(system: System, path: string, otherwise: string): Promise<string> {
  return (await system.files.find(path)) === undefined ? otherwise : system.files.readText(path);
}
