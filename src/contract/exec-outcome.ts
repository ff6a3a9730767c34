/**
 * How a guest says that a command ended, or could not start. By hand, without a schema library: the command line reads it
 * too, and has to start fast. Every byte is the guest's.
 */
import type { ExecExit, ExecFailure } from "./frames.ts";

const MAX_CODE = 255;
const MAX_SIGNAL = 64;

/** The payload of `exited`; undefined when it is none. */
export function parseExecExit(payload: Uint8Array): ExecExit | undefined {
  const { code, signal, ...others } = parseObject(payload);
  if (Object.keys(others).length > 0) return undefined;
  if (signal === undefined && isIntegerIn(code, 0, MAX_CODE)) return { code };
  if (code === undefined && isIntegerIn(signal, 1, MAX_SIGNAL)) return { signal };
  return undefined;
}

/** The payload of `failed`; undefined when it is none. The message is the guest's text, as it came. */
export function parseExecFailure(payload: Uint8Array): ExecFailure | undefined {
  const { code, message, ...others } = parseObject(payload);
  if (Object.keys(others).length > 0 || typeof code !== "string" || typeof message !== "string") return undefined;
  return /^[a-z_]{1,64}$/.test(code) ? { code, message } : undefined;
}

/** Empty when it is not the JSON of an object. */
function parseObject(payload: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
  } catch (error) {
    // Not UTF-8, or not JSON.
    if (error instanceof TypeError || error instanceof SyntaxError) return {};
    throw error;
  }
}

function isIntegerIn(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}
