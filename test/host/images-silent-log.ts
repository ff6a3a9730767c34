/** A log that nobody reads. */
import type { Log } from "../../src/system/system.ts";

const ignore = (): void => undefined;

export const silentLog: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
