/** The Rust programs travel inside this one; what runs them, or packs one for a guest, needs them as files. */
import agent from "../../build/banger-agent" with { type: "file" };
import layers from "../../build/banger-layers" with { type: "file" };
import nethelper from "../../build/banger-nethelper" with { type: "file" };
import sshd from "../../build/banger-sshd" with { type: "file" };
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { SshServer } from "../ssh/ssh.ts";
import type { System } from "../system/system.ts";

/** Puts the agent into the cache, named by its digest, and gives its path. */
export function placeAgent(system: System): Promise<string> {
  return place(system, agent, "banger-agent");
}

/** The same for the program that merges the layers of images. Asked for whenever it is to run: a prune may have taken it. */
export function placeLayers(system: System): Promise<string> {
  return place(system, layers, "banger-layers");
}

/** The same for what asks root's network helper for the TAP of a VMM. */
export function placeNethelper(system: System): Promise<string> {
  return place(system, nethelper, "banger-nethelper");
}

/** The same program in a folder of root's, under its own name. */
export async function placeNethelperIn({ files }: System, folder: string): Promise<void> {
  await files.write(join(folder, "banger-nethelper"), await files.readEmbedded(nethelper), 0o755);
}

/** The SSH server for guests that have none. It goes into guests and never onto this computer. */
export function openSshServer({ files }: System): SshServer {
  const read = (): Promise<Uint8Array> => files.readEmbedded(sshd);
  let sha256: Promise<string> | undefined;
  return { read, sha256: () => (sha256 ??= read().then((bytes) => createHash("sha256").update(bytes).digest("hex"))) };
}

async function place({ files, layout }: System, embedded: string, name: string): Promise<string> {
  const bytes = await files.readEmbedded(embedded);
  const digest = createHash("sha256").update(bytes).digest("hex");
  const path = `${layout.agents}/${name}-${digest.slice(0, 16)}`;
  const found = await files.find(path);
  if (found?.kind === "file" && (await files.sha256(path)) === digest) return path;
  await files.makeFolder(layout.agents);
  await files.write(path, bytes, 0o755);
  return path;
}
