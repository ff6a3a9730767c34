/**
 * Fetches what was uploaded as a user would: by the address in the catalog, without a login. So a private bucket, a wrong address, and a
 * copy that is not the whole of it come out before anybody is sent there.
 */
import { createHash } from "node:crypto";
import { BangerError } from "../../contract/errors.ts";
import type { Clock } from "../../system/system.ts";
import { shownUrl } from "../fetch/shown-url.ts";
import type { Transport } from "../fetch/transport.ts";
import { withRetries } from "../fetch/with-retries.ts";
import type { Bundle } from "./store.ts";

export interface CheckParts {
  readonly clock: Clock;
  readonly transport: Transport;
  readonly retryDelaysMs: readonly number[];
}

/** Throws `refused` `bundle_not_public`, `public_copy_differs`, and what the transport throws. Nothing is kept of what comes. */
export async function checkPublic(
  { clock, transport, retryDelaysMs }: CheckParts,
  url: string,
  bundle: Bundle,
  signal: AbortSignal,
  onProgress: (doneBytes: number) => void,
): Promise<void> {
  const check = (): Promise<void> => checkOnce(transport, url, bundle, signal, onProgress);
  try {
    await withRetries(clock, retryDelaysMs, signal, check);
  } catch (error) {
    if (signal.aborted) throw new BangerError("cancelled", "cancelled", "publishing was cancelled", { cause: signal.reason });
    if (!(error instanceof BangerError) || error.code !== "mirror_lacks_file") throw error;
    const status = error.data?.["status"];
    throw new BangerError(
      "refused",
      "bundle_not_public",
      `cannot publish ${bundle.name}: ${shownUrl(url)} answers ${typeof status === "number" ? status : "nothing"} to those without a login`,
      {
        hint: "let everybody read it, or say where users find it by --public-url URL; then the same again",
        cause: error,
      },
    );
  }
}

async function checkOnce(
  transport: Transport,
  url: string,
  bundle: Bundle,
  signal: AbortSignal,
  onProgress: (doneBytes: number) => void,
): Promise<void> {
  const { bytes: announced, body } = await transport.open(url, 0, signal);
  if (announced !== undefined && announced !== bundle.bytes) {
    await body[Symbol.asyncIterator]().return?.();
    throw differs(url, bundle, `it has ${announced} bytes instead of ${bundle.bytes}`);
  }
  const hash = createHash("sha256");
  let done = 0;
  for await (const part of body) {
    done += part.length;
    if (done > bundle.bytes) throw differs(url, bundle, `it goes on after its ${bundle.bytes} bytes`);
    hash.update(part);
    onProgress(done);
  }
  if (done < bundle.bytes) {
    throw new BangerError(
      "unavailable",
      "download_truncated",
      `cannot publish ${bundle.name}: ${shownUrl(url)} ended after ${done} of ${bundle.bytes} bytes`,
      { hint: "try again; nothing is in the catalog yet" },
    );
  }
  if (hash.digest("hex") !== bundle.sha256) throw differs(url, bundle, "it has another content");
}

function differs(url: string, { name }: Bundle, why: string): BangerError {
  return new BangerError(
    "refused",
    "public_copy_differs",
    `cannot publish ${name}: what ${shownUrl(url)} gives is not what was uploaded: ${why}`,
    {
      hint: "look whether --public-url belongs to the bucket, and whether something between changes or keeps files; then the same again",
    },
  );
}
