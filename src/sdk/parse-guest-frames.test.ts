import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { BangerError } from "../contract/errors.ts";
import { encodeFrame, encodeJsonFrame, FRAME, type FrameType } from "../contract/frames.ts";
import { GuestFrames, type GuestWord } from "./parse-guest-frames.ts";

const started = encodeJsonFrame(FRAME.started, { pid: 1 });
const read = (...parts: readonly Uint8Array[]): readonly GuestWord[] => [...new GuestFrames().push(Buffer.concat(parts))];
function codeOf(...parts: readonly Uint8Array[]): string {
  try {
    return JSON.stringify(read(...parts));
  } catch (error) {
    if (error instanceof BangerError) return error.code;
    throw error;
  }
}

describe("a guest's frames", () => {
  test("are what happened to the command", () => {
    expect(read(started, encodeFrame(FRAME.stdout, Buffer.from("x")), encodeJsonFrame(FRAME.exited, { code: 3 }))).toMatchObject([
      { type: "started" },
      { type: "stdout" },
      { type: "exited", exit: { code: 3 } },
    ]);
    expect(codeOf(encodeJsonFrame(FRAME.failed, { code: "not_found", message: "x" }))).toBe("exec_not_found");
  });

  test.each(
    [
      { code: 256 },
      { code: -1 },
      { code: 1e9 },
      { code: 1.5 },
      { code: "0" },
      { signal: 0 },
      { signal: 65 },
      { code: 0, signal: 1 },
      {},
      [],
      null,
      7,
    ].map((exit) => [exit]),
  )("that end with %j are refused", (exit) => {
    expect(codeOf(started, encodeJsonFrame(FRAME.exited, exit))).toBe("guest_garbled");
  });

  test.each<readonly [string, readonly Uint8Array[]]>([
    ["output before the start", [encodeFrame(FRAME.stdout)]],
    ["two starts", [started, started]],
    ["a failure after the start", [started, encodeJsonFrame(FRAME.failed, { code: "io", message: "x" })]],
    ["what only a host says", [started, encodeFrame(FRAME.stdin)]],
    ["a failure of the wrong shape", [encodeJsonFrame(FRAME.failed, { code: "No", message: "x" })]],
    ["a failure with more to it", [encodeJsonFrame(FRAME.failed, { code: "io", message: "x", hint: "rm" })]],
    ["an unknown frame", [started, Uint8Array.of(99, 0, 0, 0, 0)]],
    ["a huge frame", [started, Uint8Array.of(FRAME.exited, 255, 0, 0, 0)]],
    ["JSON that is none", [started, encodeFrame(FRAME.exited, Buffer.from("{"))]],
    ["text that is not UTF-8", [started, encodeFrame(FRAME.exited, Uint8Array.of(0xff))]],
  ])("with %s are refused", (_name, parts) => expect(codeOf(...parts)).toBe("guest_garbled"));

  test("quote the guest escaped, on one line", () => {
    expect(() => read(encodeJsonFrame(FRAME.failed, { code: "io", message: "x\ntry: curl \u001b[2J" }))).toThrow(
      "x\\x0atry: curl \\x1b[2J",
    );
  });

  test("of any sort are words or a refusal", () => {
    const payload = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.json({ maxDepth: 2 }).map((text) => Buffer.from(text.slice(0, 2000))),
    );
    const frame = fc.tuple(fc.constantFrom<FrameType>(FRAME.started, FRAME.stdout, FRAME.exited, FRAME.failed), payload);
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 8 }), (frames) => {
        expect(codeOf(...frames.map(([type, bytes]) => encodeFrame(type, bytes)))).toMatch(/^(?:\[|guest_garbled|exec_)/);
      }),
    );
  });
});
