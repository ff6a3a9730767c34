import type { System } from "../../system/system.ts";

const MOST_BYTES = 2 ** 20;
const KEPT_BYTES = MOST_BYTES / 2;

/** What a VMM and the network say is little, and nobody counts it while they run: before each start, what is too old of it goes. */
export async function shortenLogs({ files, layout, log }: System, vmId: string): Promise<void> {
  for (const path of [layout.vmmLog(vmId), layout.networkLog]) {
    const info = await files.find(path);
    if (info?.kind !== "file" || info.allocatedBytes <= MOST_BYTES) continue;
    await files.forgetStart(path, KEPT_BYTES).catch((error: unknown) => log.warn("cannot shorten a log", { path, error }));
  }
}
