/** The one line of JSON that a daemon writes to descriptor 3 for who started it. */
import type { ErrorShape } from "./errors.ts";

export type Readiness = { readonly ready: true; readonly pid: number } | { readonly ready: false; readonly error: ErrorShape };

/** The descriptor that is handed to a daemon for its line. */
export const READY_DESCRIPTOR = 3;
