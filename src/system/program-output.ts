/** What programs print, kept within bounds. */
import type { Readable } from "node:stream";
import { BangerError } from "../contract/errors.ts";

const LINE_MAX_BYTES = 16 * 1024;

/** The text of a stream. `all` refuses more than `maxBytes`; `tail` keeps the last part. */
export async function collectText(stream: Readable, maxBytes: number, keep: "all" | "tail"): Promise<string> {
  let parts: Buffer[] = [];
  let total = 0;
  let isTooMuch = false;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  stream.on("data", (part: Buffer) => {
    if (isTooMuch) return;
    parts.push(part);
    total += part.length;
    if (total <= maxBytes) return;
    if (keep === "all") {
      isTooMuch = true;
      parts = [];
      reject(new BangerError("invalid", "output_too_large", `a program printed more than ${maxBytes} bytes`));
      return;
    }
    const tail = Buffer.concat(parts).subarray(-maxBytes);
    parts = [tail];
    total = tail.length;
  });
  stream.once("end", resolve);
  stream.once("close", resolve);
  stream.once("error", reject);
  await promise;
  return Buffer.concat(parts).toString("utf8");
}

/** Calls `onLine` for each line, without its end; a line that does not end is cut at 16 KiB. */
export function eachLine(stream: Readable, onLine: (line: string) => void): void {
  let rest = "";
  stream.on("data", (part: Buffer) => {
    rest += part.toString("utf8");
    // Progress bars end their lines with a carriage return.
    const lines = rest.split(/\r\n|\n|\r/);
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
    if (rest.length > LINE_MAX_BYTES) {
      onLine(rest);
      rest = "";
    }
  });
  stream.once("end", () => {
    if (rest !== "") onLine(rest);
  });
}
