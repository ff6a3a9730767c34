/** The guest agent's binary travels inside the program; what runs it, or packs it for a guest, needs it as a file. */
import embedded from "../../build/banger-agent" with { type: "file" };
import { createHash } from "node:crypto";
import type { System } from "../system/system.ts";

/** Puts the agent into the cache, named by its digest, and gives its path. */
export async function placeAgent({ files, layout }: System): Promise<string> {
  const bytes = await files.readEmbedded(embedded);
  const digest = createHash("sha256").update(bytes).digest("hex");
  const path = `${layout.agents}/banger-agent-${digest.slice(0, 16)}`;
  const found = await files.find(path);
  if (found?.kind === "file" && (await files.sha256(path)) === digest) return path;
  await files.makeFolder(layout.agents);
  await files.write(path, bytes, 0o755);
  return path;
}
