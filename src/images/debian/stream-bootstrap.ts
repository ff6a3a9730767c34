/**
 * mmdebstrap's tar, straight into tar2sqfs: no file of the image becomes a file of ours. Either end's failure stops the
 * other, and the first one is told.
 */
import { PassThrough, Transform } from "node:stream";
import { BangerError } from "../../contract/errors.ts";
import type { OperationContext } from "../../operations/operations.ts";
import type { System } from "../../system/system.ts";
import { bootstrapArguments, type BootstrapPlan } from "./bootstrap-arguments.ts";
import { bootstrapFailure } from "./bootstrap-failure.ts";
import { makeBootstrapProgress } from "./bootstrap-progress.ts";

const TIMEOUT_MS = 60 * 60_000;
/** mmdebstrap tells apt and dpkg to end and removes its tree. */
const GRACE_MS = 10_000;
/** No image of ours comes near this; a tar that does is not one. */
const TAR_MAX_BYTES = 16 * 2 ** 30;

/**
 * Stages `bootstrap` (packages) and `base` (bytes of tar). Leaves half a file at `basePath` when it fails.
 * @param temporaryFolder where mmdebstrap puts its tree together.
 * @param environment what apt needs to know of proxies.
 */
export async function streamBootstrap(
  system: System,
  plan: BootstrapPlan,
  basePath: string,
  temporaryFolder: string,
  what: string,
  environment: Readonly<Record<string, string>>,
  context: OperationContext,
): Promise<void> {
  const failed = new AbortController();
  const signal = AbortSignal.any([context.signal, failed.signal]);
  const firstByte = Promise.withResolvers<void>();
  let tarBytes = 0;
  let onTarBytes = (_bytes: number): void => undefined;
  let onLine = (_line: string): void => undefined;

  const counter = new Transform({
    transform(part: Buffer, _encoding, done) {
      tarBytes += part.length;
      firstByte.resolve();
      onTarBytes(tarBytes);
      if (tarBytes <= TAR_MAX_BYTES) return done(undefined, part);
      return done(new BangerError("invalid", "image_too_large", `${what}: it has more than ${TAR_MAX_BYTES} bytes`));
    },
  });
  const tar = new PassThrough();
  counter.pipe(tar);

  const run = async (argv: readonly string[], options: Parameters<System["processes"]["run"]>[1]): Promise<void> => {
    const program = argv[0] ?? "";
    try {
      const result = await system.processes.run(argv, { ...options, isPatient: true });
      if (result.code !== 0) throw bootstrapFailure(what, program, result.stderr);
    } catch (error) {
      failed.abort(error);
      // Nobody reads or writes the rest.
      counter.destroy();
      tar.destroy();
      throw error;
    }
  };
  counter.on("error", (error) => failed.abort(error));
  tar.on("error", (error) => failed.abort(error));

  const both = Promise.allSettled([
    run(bootstrapArguments(plan), {
      timeoutMs: TIMEOUT_MS,
      graceMs: GRACE_MS,
      signal,
      stdout: counter,
      onStderrLine: (line) => onLine(line),
      env: { ...environment, TMPDIR: temporaryFolder },
    }),
    run(["tar2sqfs", "-q", "-f", "-c", "zstd", "-X", "level=3", basePath], { timeoutMs: TIMEOUT_MS, signal, input: tar }),
  ]);
  try {
    await context.stage("bootstrap", async (stage) => {
      const progressOf = makeBootstrapProgress();
      onLine = (line) => {
        const progress = progressOf(line);
        if (progress !== undefined) stage.progress(progress.done, progress.total, "items");
      };
      await Promise.race([firstByte.promise, both]);
      throwFailure(failed.signal);
    });
    await context.stage("base", async (stage) => {
      onTarBytes = (bytes) => stage.progress(bytes, undefined, "bytes");
      await both;
      throwFailure(failed.signal);
    });
  } finally {
    await both;
  }
}

function throwFailure(signal: AbortSignal): void {
  if (signal.aborted) throw signal.reason;
}
