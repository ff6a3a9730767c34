import { join } from "node:path";
import type { System } from "../../system/system.ts";
import type { Acceleration } from "../drivers.ts";
import { HARDENING, machineArguments } from "./arguments.ts";
import { EXIT_CODE, EXIT_PORT, makeProbeElf } from "./probe-elf.ts";

/** Emulated on a loaded computer it takes a fifth of this. */
const DEADLINE_MS = 10_000;

/** Runs the probe guest. Undefined when it reached its end, otherwise why it did not, in QEMU's words or ours. */
export async function runProbeGuest(
  system: System,
  program: string,
  acceleration: Acceleration,
  signal: AbortSignal,
): Promise<string | undefined> {
  const folder = system.layout.roots.cache;
  const path = join(folder, `probe-${system.random.hex(6)}.elf`);
  await system.files.makeFolder(folder);
  await system.files.write(path, makeProbeElf());
  try {
    const argv = [
      program,
      ...machineArguments({ acceleration, needsAcpi: false, tscKHz: undefined }),
      ...HARDENING,
      ...["-m", "16M", "-kernel", path, "-device", `isa-debug-exit,iobase=${EXIT_PORT},iosize=4`],
    ];
    const { code, stderr } = await system.processes.run(argv, { timeoutMs: DEADLINE_MS, graceMs: 100, signal });
    if (code === EXIT_CODE) return undefined;
    const words = stderr.trim().split("\n").at(-1) ?? "";
    return words === "" ? "the probe guest did not reach its end" : words.replace(/^[^:]*qemu[^:]*: /, "");
  } catch (thrown) {
    signal.throwIfAborted();
    return thrown instanceof Error ? thrown.message : String(thrown);
  } finally {
    await system.files.removeFile(path);
  }
}
