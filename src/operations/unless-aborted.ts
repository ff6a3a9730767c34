import { BangerError } from "../contract/errors.ts";

/** Waits for work of somebody else's, which goes on all the same when we do not. @param what was cancelled then: "the download". */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal, what: string): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(new BangerError("cancelled", "cancelled", `${what} was cancelled`, { cause: signal.reason }));
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort);
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
