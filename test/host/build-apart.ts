import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BuildWorld } from "./kernel-build-world.ts";
import type { BuilderRequest } from "./little-builder.ts";

export interface BuiltApart {
  readonly code: number | null;
  readonly signal: string | null;
  /** The kernel, or the failure. */
  readonly said: unknown;
}

export interface ApartOptions {
  /** What is to happen at which failpoint. */
  readonly control?: unknown;
  /** The command, run in another place. */
  readonly argv?: (command: readonly string[]) => readonly string[];
}

/** Builds a kernel `k` from the world's release in a process of its own, as a daemon does that starts anew. */
export async function buildApart(world: BuildWorld, { control, argv = (command) => command }: ApartOptions = {}): Promise<BuiltApart> {
  const path = join(world.home, "control");
  rmSync(path, { force: true });
  if (control !== undefined) writeFileSync(path, JSON.stringify(control));
  const { fetcher: _ofThisProcess, ...building } = world.building;
  const request: BuilderRequest = { name: "k", building };
  const [program = "", ...words] = argv([process.execPath, join(import.meta.dir, "little-builder.ts"), JSON.stringify(request)]);
  const child = spawn(program, words, {
    env: { PATH: `${world.bin}:${process.env["PATH"] ?? ""}`, HOME: world.home, BANGER_HOME: world.home, BANGER_FAILPOINTS: path },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.on("data", (part: Buffer) => (said += part.toString()));
  await once(child, "close");
  return { code: child.exitCode, signal: child.signalCode, said: said === "" ? undefined : JSON.parse(said) };
}
