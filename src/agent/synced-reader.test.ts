import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { BangerError } from "../contract/errors.ts";
import { MAX_DISCARDED_BYTES, MAX_LINE_BYTES, SyncedReader } from "./synced-reader.ts";

const NONCE = "0123456789abcdef0123456789abcdef";
const TOKEN = `banger-synced ${NONCE} `;

/** Feeds in parts of the given sizes, but never more than the reader wants. */
function readIn(bytes: Buffer, sizes: readonly number[]): { readonly line: string | undefined; readonly used: number } {
  const reader = new SyncedReader(NONCE);
  let at = 0;
  for (let turn = 0; at < bytes.length; turn += 1) {
    const size = Math.max(1, Math.min(sizes[turn % sizes.length] ?? 1, reader.wanted));
    const line = reader.push(bytes.subarray(at, at + size));
    at = Math.min(bytes.length, at + size);
    if (line !== undefined) return { line: Buffer.from(line).toString(), used: at };
  }
  return { line: undefined, used: at };
}

const sizes = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 8 });
/** Bytes, with pieces of the token and near misses among them. */
const junk = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
      fc.integer({ min: 0, max: TOKEN.length - 1 }).map((length) => Buffer.from(TOKEN.slice(0, length))),
      fc.constant(Buffer.from("banger-synced ffffffffffffffffffffffffffffffff {}\n")),
      fc.constant(Buffer.from("banger-hello {}\n")),
    ),
    { maxLength: 10 },
  )
  .map((parts) => Buffer.concat(parts))
  .filter((bytes) => !bytes.includes(TOKEN));

describe("a synced reader", () => {
  test("finds the line behind any junk and stops right behind its newline", () => {
    fc.assert(
      fc.property(junk, sizes, fc.stringMatching(/^[ -~]{0,80}$/), fc.uint8Array({ maxLength: 50 }), (before, cuts, text, after) => {
        const whole = Buffer.concat([before, Buffer.from(`${TOKEN}${text}\n`), after]);
        const { line, used } = readIn(whole, cuts);
        expect(line).toBe(text);
        expect(used).toBe(whole.length - after.length);
      }),
      { numRuns: 500 },
    );
  });

  test("finds nothing in junk", () => {
    fc.assert(fc.property(junk, sizes, (bytes, cuts) => readIn(bytes, cuts).line === undefined));
  });

  test("refuses a line above its cap", () => {
    const long = Buffer.from(`${TOKEN}${"x".repeat(MAX_LINE_BYTES + 1)}`);
    expect(() => readIn(long, [64])).toThrow(BangerError);
    const fits = Buffer.from(`${TOKEN}${"x".repeat(MAX_LINE_BYTES)}\n`);
    expect(readIn(fits, [64]).line).toHaveLength(MAX_LINE_BYTES);
  });

  test("gives up on a flood", () => {
    const reader = new SyncedReader(NONCE);
    const block = Buffer.alloc(1024 * 1024, "banger-synced ");
    expect(() => {
      for (let sent = 0; sent <= MAX_DISCARDED_BYTES; sent += block.length) reader.push(block);
    }).toThrow("without end");
  });
});
