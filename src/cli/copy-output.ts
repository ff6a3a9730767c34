import type { Readable, Writable } from "node:stream";
import { outputFailure } from "./output-failure.ts";

/** What a command's output becomes on its way; see `renderers.ts`. */
export interface Renderer {
  push(chunk: Uint8Array): string | Uint8Array;
  /** What is still to come after the last bytes. */
  end(): string | Uint8Array;
}

/** Copies a command's output to ours, at the pace of our reader. */
export async function copyOutput(from: Readable, to: Writable, renderer: Renderer): Promise<void> {
  // Told by the write that failed.
  const onError = (): void => undefined;
  to.on("error", onError);
  for await (const chunk of from as AsyncIterable<Uint8Array>) await writeTo(to, renderer.push(chunk));
  await writeTo(to, renderer.end());
  to.off("error", onError);
}

/** Writes all of it; resolves when it was taken. Rejects as `print` throws. */
export async function writeTo(to: Writable, bytes: string | Uint8Array): Promise<void> {
  if (bytes.length === 0) return;
  await new Promise<void>((resolve, reject) =>
    to.write(bytes, (error) => (error instanceof Error ? reject(outputFailure(error)) : resolve())),
  );
}
