/** A copy from its first frame to its last: who sends, who receives, and what is told on the way. */
import type { Duplex } from "node:stream";
import type { CopySpec } from "../../contract/copy-frames.ts";
import { encodeCopyMessage, type CopyCounts } from "../../contract/copy-messages.ts";
import type { CopyOptions, CopyResult } from "../sdk.ts";
import { cannotCopy } from "./copy-errors.ts";
import { CopyWire, type TellProblem } from "./copy-wire.ts";
import { receiveCopy } from "./receive.ts";
import { sendCopy } from "./send.ts";
import { openTarget } from "./target.ts";

/** Opens the stream to the guest; the spec travels with the request. */
type Open = (first: Uint8Array) => Promise<Duplex>;

/** From this computer into a vm. */
export async function copyIn(open: Open, from: readonly string[], to: string, options: CopyOptions): Promise<CopyResult> {
  const { follow = false, checksum = false, resume = checksum, owner } = options;
  const several = from.length > 1;
  const spec: CopySpec = { direction: "in", to, several, resume, checksum, ...(owner === undefined ? {} : { owner }) };
  return run(open, spec, options, (wire, tell, onProgress) => sendCopy(wire, from, { follow, tell, onProgress }));
}

/** From a vm to this computer. */
export async function copyOut(open: Open, from: readonly string[], to: string, options: CopyOptions): Promise<CopyResult> {
  const { follow = false, checksum = false, resume = checksum } = options;
  // Before the guest is asked: a place that is not there is no reason to start anything.
  const target = openTarget(to, from.length > 1, resume);
  try {
    return await run(open, { direction: "out", from, follow }, options, (wire, tell, onProgress) =>
      receiveCopy(wire, target, { resume, checksum, tell, onProgress }),
    );
  } finally {
    target.base.release();
  }
}

type Work = (wire: CopyWire, tell: TellProblem, onProgress: (counts: CopyCounts) => void) => Promise<CopyCounts>;

async function run(open: Open, spec: CopySpec, options: CopyOptions, work: Work): Promise<CopyResult> {
  const { signal, onProblem, onProgress = () => undefined } = options;
  signal?.throwIfAborted();
  const stream = await open(encodeSpec(spec));
  let problems = 0;
  const tell: TellProblem = ({ code, path, message }) => {
    problems += 1;
    onProblem?.({ code, path: Buffer.from(path).toString(), message });
  };
  const wire = new CopyWire(stream, tell);
  const abort = (): void => wire.fail(cannotCopy("cancelled", "cancelled", "the copy was cancelled", signal?.reason));
  signal?.addEventListener("abort", abort);
  try {
    return { ...(await work(wire, tell, onProgress)), problems };
  } finally {
    signal?.removeEventListener("abort", abort);
    stream.destroy();
  }
}

function encodeSpec(spec: CopySpec): Uint8Array {
  try {
    return encodeCopyMessage({ type: "spec", json: new TextEncoder().encode(JSON.stringify(spec)) });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw cannotCopy("invalid", "too_many", "cannot copy that many paths at once: their names have more than 1 MiB", error);
  }
}
