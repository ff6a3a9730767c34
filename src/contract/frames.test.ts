import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { encodeFrame, encodeResize, FRAME, FrameReader, MAX_CHUNK_BYTES, type Frame, type FrameType } from "./frames.ts";

const bytes = (max: number) => fc.uint8Array({ maxLength: max });
const frame = fc.oneof(
  fc.record({
    type: fc.constantFrom<FrameType>(FRAME.spec, FRAME.stdin, FRAME.stdout, FRAME.stderr, FRAME.started, FRAME.exited),
    payload: bytes(300),
  }),
  fc.record({ type: fc.constant<FrameType>(FRAME.stdinEnd), payload: bytes(0) }),
  fc.record({ type: fc.constant<FrameType>(FRAME.signal), payload: bytes(1) }),
);

/** The bytes cut at random places. */
function cut(whole: Uint8Array, places: readonly number[]): readonly Uint8Array[] {
  const at = [0, ...places.map((place) => place % (whole.length + 1)), whole.length].toSorted((a, b) => a - b);
  return at.slice(1).map((end, index) => whole.subarray(at[index], end));
}

function readAll(chunks: readonly Uint8Array[]): { readonly frames: readonly Frame[]; readonly reader: FrameReader } {
  const reader = new FrameReader();
  return { frames: chunks.flatMap((chunk) => [...reader.push(chunk)]), reader };
}

describe("frames", () => {
  test("come out as they went in, however the bytes are cut", () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 20 }), (frames, places) => {
        const whole = Buffer.concat(frames.map(({ type, payload }) => encodeFrame(type, payload)));
        const { frames: read, reader } = readAll(cut(whole, places));
        expect(read.map(({ type, payload }) => ({ type, payload: [...payload] }))).toEqual(
          frames.map(({ type, payload }) => ({ type, payload: [...payload] })),
        );
        expect(reader.isBetweenFrames).toBe(true);
      }),
    );
  });

  test("do not share memory with the bytes they came in", () => {
    const chunk = encodeFrame(FRAME.stdout, new Uint8Array([1, 2, 3]));
    const { frames } = readAll([chunk]);
    chunk.fill(9);
    expect(frames[0]?.payload).toEqual(new Uint8Array([1, 2, 3]));
  });

  test("of an unknown type, or longer than allowed, are refused when the header is there, before any payload", () => {
    const header = (type: number, length: number): Uint8Array => {
      const made = new Uint8Array(5);
      made[0] = type;
      new DataView(made.buffer).setUint32(1, length);
      return made;
    };
    expect(() => readAll([header(99, 0)])).toThrow(/unknown frame type 99/);
    expect(() => readAll([header(FRAME.stdout, MAX_CHUNK_BYTES + 1)])).toThrow(/above its cap/);
    expect(() => readAll([header(FRAME.exited, 0xffff_ffff)])).toThrow(/above its cap/);
    expect(() => readAll([header(FRAME.signal, 2)])).toThrow(/above its cap/);
    expect(readAll([header(FRAME.stdout, MAX_CHUNK_BYTES)]).reader.isBetweenFrames).toBe(false);
  });

  test("above the cap are not made either", () => {
    expect(() => encodeFrame(FRAME.stdin, new Uint8Array(MAX_CHUNK_BYTES + 1))).toThrow(RangeError);
    expect(() => encodeFrame(FRAME.stdinEnd, new Uint8Array(1))).toThrow(RangeError);
  });

  test("of junk end in frames or in a refusal, never in anything else", () => {
    fc.assert(
      fc.property(bytes(2000), fc.array(fc.nat(), { maxLength: 10 }), (junk, places) => {
        try {
          readAll(cut(junk, places));
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });

  test("carry a size as rows, then columns", () => {
    expect([...encodeResize(24, 80)]).toEqual([FRAME.resize, 0, 0, 0, 4, 0, 24, 0, 80]);
  });
});
