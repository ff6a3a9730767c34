/** The kernel's own makefiles, run so that the same source and compiler give the same kernel. */
import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import type { BuildLog } from "./build-log.ts";

export interface MakeRun {
  readonly source: string;
  readonly output: string;
  readonly targets: readonly string[];
  readonly jobs: number;
  readonly timeoutMs: number;
  readonly env?: Readonly<Record<string, string>>;
}

const LINE_MAX = 16 * 1024;
/** What a kernel says of itself: when, where and by whom it was built must not make two of one source differ. */
const SAME_EVERYWHERE = {
  KBUILD_BUILD_TIMESTAMP: "1970-01-01 00:00:00 UTC",
  KBUILD_BUILD_USER: "banger",
  KBUILD_BUILD_HOST: "banger",
  KBUILD_BUILD_VERSION: "1",
  LC_ALL: "C",
  TZ: "UTC",
};
/** `  CC      kernel/fork.o` */
const STEP = /^\s+[A-Z][A-Z0-9_]+(?:\s+\[M\])?\s+\S/;

/** Throws `unavailable` `build_failed` with the first errors and the path of the log. @param onStep told of each thing that was made. */
export async function runMake(system: System, run: MakeRun, log: BuildLog, signal: AbortSignal, onStep: () => void): Promise<void> {
  const argv = ["make", "-C", run.source, `O=${run.output}`, `-j${run.jobs}`, ...run.targets];
  const onLine = (line: string): void => {
    log.line(line);
    if (STEP.test(line)) onStep();
  };
  log.line(`+ ${argv.join(" ")}`);
  await using child = await system.processes.start(argv, {
    timeoutMs: run.timeoutMs,
    signal,
    isPatient: true,
    env: { ...SAME_EVERYWHERE, ...run.env },
    onStderrLine: onLine,
  });
  child.stdin.end();
  let rest = "";
  for await (const part of child.stdout as AsyncIterable<Buffer>) {
    const lines = (rest + part.toString("utf8")).split("\n");
    rest = (lines.pop() ?? "").slice(0, LINE_MAX);
    lines.forEach(onLine);
  }
  if (rest !== "") onLine(rest);
  const end = await child.ended;
  signal.throwIfAborted();
  if (end.code === 0) return;
  const how = end.code === undefined ? `make was ended by ${end.signal ?? "a signal"}` : `make ended with code ${end.code}`;
  throw new BangerError("unavailable", "build_failed", `cannot build the kernel: ${how}: ${log.reasons().join("; ")}`, {
    hint: `less ${log.path}`,
    data: { log: log.path },
  });
}
