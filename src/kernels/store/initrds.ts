/**
 * The initramfs of a kernel: its modules and the agent as `/init`, two archives in a row. Made once for a kernel and an agent,
 * named by both digests; what an earlier agent left is pruned.
 */
import { createHash } from "node:crypto";
import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import { makeCpio } from "../formats/cpio.ts";
import type { KernelManifest } from "./manifest.ts";

export interface Initrds {
  /** The path of the initramfs. Throws `unavailable` `agent_missing`, `refused` `kernel_damaged`. */
  pathFor(folder: string, manifest: KernelManifest): Promise<string>;
  /** Paths of those that none of these kernels boots with this agent. */
  findUnused(kernels: readonly KernelManifest[]): Promise<readonly string[]>;
}

const AGENT_MAX_BYTES = 64 * 2 ** 20;
const MODULES_MAX_BYTES = 512 * 2 ** 20;
/** A vm that is being started may still be about to read its file. */
const PRUNE_AFTER_MS = 60 * 60_000;

export function makeInitrds(system: System, agentPath: string): Initrds {
  const { files, layout } = system;
  const underWay = new Map<string, Promise<void>>();

  const build = async (path: string, folder: string, manifest: KernelManifest, agent: Uint8Array): Promise<void> => {
    const modules = manifest.modules === null ? new Uint8Array() : await files.read(`${folder}/modules.cpio`, MODULES_MAX_BYTES);
    if (manifest.modules !== null && digestOf(modules) !== manifest.modules.sha256) {
      throw new BangerError("refused", "kernel_damaged", `cannot boot with the kernel ${manifest.name}: its modules.cpio was changed`, {
        hint: `banger kernel delete ${manifest.name}, then get it again`,
      });
    }
    await files.makeFolder(layout.initrds);
    await files.write(path, Buffer.concat([modules, makeAgentCpio(agent)]));
  };

  const prune = async (agentDigest: string): Promise<void> => {
    for (const name of await files.list(layout.initrds)) {
      if (name.includes(agentDigest)) continue;
      const info = await files.find(`${layout.initrds}/${name}`);
      if (info !== undefined && system.clock.nowMs() - info.modifiedMs > PRUNE_AFTER_MS)
        await files.removeFile(`${layout.initrds}/${name}`);
    }
  };

  const pathOf = ({ modules }: KernelManifest, agentDigest: string): string =>
    `${layout.initrds}/${modules?.sha256.slice(0, 16) ?? "no-modules"}-${agentDigest}.cpio`;

  return {
    findUnused: async (kernels) => {
      const agentDigest = digestOf(await readAgent(system, agentPath)).slice(0, 16);
      const used = new Set(kernels.map((manifest) => pathOf(manifest, agentDigest)));
      return (await files.list(layout.initrds)).map((name) => `${layout.initrds}/${name}`).filter((path) => !used.has(path));
    },
    pathFor: async (folder, manifest) => {
      const agent = await readAgent(system, agentPath);
      const agentDigest = digestOf(agent).slice(0, 16);
      const path = pathOf(manifest, agentDigest);
      if ((await files.find(path))?.kind === "file") return path;
      const work = underWay.get(path) ?? build(path, folder, manifest, agent).finally(() => underWay.delete(path));
      underWay.set(path, work);
      await work;
      await prune(agentDigest);
      return path;
    },
  };
}

async function readAgent(system: System, path: string): Promise<Uint8Array> {
  if ((await system.files.find(path))?.kind === "file") return system.files.read(path, AGENT_MAX_BYTES);
  throw new BangerError("unavailable", "agent_missing", `cannot put an initramfs together: there is no guest agent at ${path}`, {
    hint: "install banger whole; in a checkout: npm run setup",
  });
}

/** The console is there before the agent can make it: the kernel opens it for the agent's own output. */
function makeAgentCpio(agent: Uint8Array): Uint8Array {
  return makeCpio([
    { kind: "folder", name: "dev", mode: 0o755 },
    { kind: "character-device", name: "dev/console", mode: 0o600, major: 5, minor: 1 },
    { kind: "file", name: "init", mode: 0o755, content: agent },
  ]);
}

function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
