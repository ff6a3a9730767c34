/** Starts the processes of a link and waits for their socket. */
import { dirname, join } from "node:path";
import { BangerError } from "../contract/errors.ts";
import type { System } from "../system/system.ts";
import { linkMarker, passtArguments } from "./passt-arguments.ts";

const READY_MS = 10_000;
/** passt has no way to say that its socket is there but the socket itself; a look costs some microseconds. */
const LOOK_MS = 4;

/** The path of the socket. Throws `unavailable` `link_failed` with passt's last words. The caller ends what has been started. */
export async function openPasst(system: System, vmId: string, runFolder: string, logPath: string, signal: AbortSignal): Promise<string> {
  const { files, processes, clock } = system;
  const socketPath = join(runFolder, "passt.sock");
  const passtLogPath = join(dirname(logPath), `${linkMarker(vmId)}.log`);
  const isRoot = (await files.find(runFolder))?.uid === 0;
  signal.throwIfAborted();
  await files.removeFile(socketPath);
  await files.removeFile(passtLogPath);
  const { ended } = await processes.startDetached(passtArguments({ socketPath, logPath: passtLogPath }, isRoot), {
    logPath,
    cwd: runFolder,
  });
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  const deadline = clock.monotonicMs() + READY_MS;
  while ((await files.find(socketPath)) === undefined) {
    if (isOver || clock.monotonicMs() > deadline) throw await linkFailure(system, vmId, [logPath, passtLogPath]);
    await clock.sleep(LOOK_MS, signal);
  }
  return socketPath;
}

/** Said in every start: without a syslog, and in a user namespace that is already mapped. */
const HARMLESS = /to syslog$|uid_map|configure user mappings|ping_group_range|ICMP requests might fail/;

async function linkFailure(system: System, vmId: string, logPaths: readonly string[]): Promise<BangerError> {
  const texts = await Promise.all(
    logPaths.map(async (path) => ((await system.files.find(path)) === undefined ? "" : system.files.readText(path))),
  );
  const lines = texts.flatMap((text) => text.split("\n")).filter((line) => line.trim() !== "" && !HARMLESS.test(line));
  const said = lines.slice(-8);
  const [why, hint] = reasonOf(lines.join("\n"));
  return new BangerError(
    "unavailable",
    "link_failed",
    `cannot connect vm ${vmId} to the network: ${why ?? `passt did not start: ${said.at(-1) ?? "it said nothing"}`}`,
    {
      ...(hint === undefined ? {} : { hint }),
      data: { said },
    },
  );
}

function reasonOf(text: string): readonly [why: string, hint: string] | readonly [] {
  if (/No interfaces? with|External interface not usable|Couldn't get any nameserver|routable interface/i.test(text)) {
    return ["this computer has no default route", "connect it to a network, or start the vm without --nat"];
  }
  if (/tun socket|\/dev\/net\/tun/i.test(text)) return ["/dev/net/tun cannot be opened", "sudo chmod 0666 /dev/net/tun"];
  if (/^unshare: |unshare\(\)|user namespace/im.test(text))
    return ["user namespaces are switched off", "sudo sysctl -w user.max_user_namespaces=15000"];
  return [];
}
