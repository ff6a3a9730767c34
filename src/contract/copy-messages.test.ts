/** The examples that the guest's tests read, too, and whatever else bytes can be. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BLOCK_BYTES, COPY_CAPS, COPY_FRAME, type CopyFrameType } from "./copy-frames.ts";
import { encodeCopyMessage, parseCopyFrame, type CopyMessage } from "./copy-messages.ts";
import { FrameReader } from "./frames.ts";

interface Example {
  readonly name: string;
  readonly hex: string;
  readonly message?: unknown;
  readonly valid: boolean;
}

const examples = JSON.parse(readFileSync(join(import.meta.dir, "../../guest/golden/copy-frames.json"), "utf8")) as readonly Example[];
const named = (valid: boolean) => examples.filter((example) => example.valid === valid).map((example) => [example.name, example] as const);

function read(bytes: Uint8Array): CopyMessage | undefined {
  const [frame] = [...new FrameReader<CopyFrameType>(COPY_CAPS).push(bytes)];
  return frame === undefined ? undefined : parseCopyFrame(frame);
}

/** As the examples write it. */
function describeMessage(message: CopyMessage | undefined): unknown {
  const entries = Object.entries(message ?? {}) as readonly (readonly [string, unknown])[];
  return Object.fromEntries(
    entries.map(([key, value]) => {
      if (value instanceof Uint8Array) return [key, Buffer.from(value).toString("hex")];
      return [key, typeof value === "bigint" ? String(value) : value];
    }),
  );
}

describe("a golden frame of a copy", () => {
  test.each(named(true))("is read, and written the same: %s", (_name, { hex, message }) => {
    const parsed = read(Buffer.from(hex, "hex"));
    expect(describeMessage(parsed)).toEqual(message as object);
    expect(Buffer.from(encodeCopyMessage(parsed as CopyMessage)).toString("hex")).toBe(hex);
  });

  test.each(named(false))("is refused: %s", (_name, { hex }) => {
    expect(() => read(Buffer.from(hex, "hex"))).toThrow(RangeError);
  });
});

const name = fc
  .uint8Array({ minLength: 1, maxLength: 255 })
  .filter((bytes) => !bytes.includes(0) && !bytes.includes(0x2f) && !["...", "..", "."].includes(Buffer.from(bytes).toString("latin1")));
const digest = fc.uint8Array({ minLength: 32, maxLength: 32 });
const meta = { mode: fc.nat(0o7777), mtimeNs: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }) };
const size = fc.maxSafeNat();
const offset = fc.nat(2 ** 30).map((block) => block * BLOCK_BYTES);
const message: fc.Arbitrary<CopyMessage> = fc.oneof(
  fc.record({ type: fc.constant("folder" as const), name: fc.oneof(name, fc.constant(new Uint8Array())), ...meta }),
  fc.record({ type: fc.constant("file" as const), name, size, ...meta }),
  fc.record({ type: fc.constant("link" as const), name, target: name, mtimeNs: meta.mtimeNs }),
  fc.record({ type: fc.constant("data" as const), offset, bytes: fc.uint8Array({ minLength: 1, maxLength: 300 }) }),
  fc.record({ type: fc.constant("end" as const), grew: fc.boolean(), digest }),
  fc.record({ type: fc.constant("answer" as const), wants: fc.constant("part" as const), size: offset, digest }),
  fc.record({
    type: fc.constant("problem" as const),
    code: fc.constant("busy" as const),
    path: name,
    message: fc.string({ maxLength: 80 }),
  }),
  fc.record({ type: fc.constant("done" as const), files: size, unchanged: size, folders: size, links: size, bytes: size }),
);

test("messages come out as they went in", () => {
  fc.assert(
    fc.property(message, (sent) => expect(describeMessage(read(encodeCopyMessage(sent)))).toEqual(describeMessage(sent) as object)),
  );
});

test("any payload is a message or an error, and a name is one step", () => {
  const payload = fc.oneof(
    fc.uint8Array({ maxLength: 80 }),
    message.map((sent) => encodeCopyMessage(sent).subarray(5)),
  );
  fc.assert(
    fc.property(fc.constantFrom(...Object.values(COPY_FRAME)), payload, (type, bytes) => {
      let parsed: CopyMessage;
      try {
        parsed = parseCopyFrame({ type, payload: bytes });
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
        return;
      }
      if ("name" in parsed) {
        const text = Buffer.from(parsed.name).toString("latin1");
        expect(text.includes("/") || text.includes("\0") || text === "." || text === "..").toBe(false);
        expect(text !== "" || parsed.type === "folder").toBe(true);
      }
      // What is read is what was written, whole: nothing in it was passed over.
      if (parsed.type !== "problem") expect(Buffer.from(encodeCopyMessage(parsed).subarray(5))).toEqual(Buffer.from(bytes));
    }),
    { numRuns: 2000 },
  );
});
