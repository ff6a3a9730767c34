/** Ends the processes of a vm's link, found by its marker: ask, grace, force. */
import type { ProcessIdentity, System } from "../system/system.ts";
import { linkMarker, vmIdOf } from "./passt-arguments.ts";

const GRACE_MS = 1000;

export async function removeLink(system: System, vmId: string): Promise<void> {
  const { processes } = system;
  const found = processes.findByArgument(linkMarker(vmId)).filter(({ argv }) => vmIdOf(argv) === vmId);
  if (found.length === 0) return;
  for (const identity of found) processes.signal(identity, "SIGTERM");
  await waitForAll(system, found, AbortSignal.timeout(GRACE_MS));
  for (const identity of found) processes.signal(identity, "SIGKILL");
  await waitForAll(system, found, AbortSignal.timeout(GRACE_MS));
}

/** Until all are gone or the signal fires, whichever is first. */
async function waitForAll(system: System, identities: readonly ProcessIdentity[], signal: AbortSignal): Promise<void> {
  await Promise.allSettled(identities.map((identity) => system.processes.watchEnd(identity, signal)));
}
