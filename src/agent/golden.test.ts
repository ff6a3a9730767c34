/** The examples that the guest's tests read, too: both ends agree on every byte. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { encodeFrame, FRAME, FrameReader, type FrameType } from "../contract/frames.ts";
import type { Hello } from "./agent.ts";
import { parseHello } from "./hello.ts";
import { SyncedReader } from "./synced-reader.ts";

interface FrameExample {
  readonly name: string;
  readonly type: string;
  readonly hex: string;
  readonly payloadJson?: unknown;
  readonly payloadHex?: string;
  readonly valid: boolean;
}

interface SessionExample {
  readonly name: string;
  readonly kind: "hello" | "sync" | "synced";
  readonly text: string;
  readonly valid: boolean;
  readonly hello?: Hello;
}

const GOLDEN = join(import.meta.dir, "../../guest/golden");
const frames = JSON.parse(readFileSync(join(GOLDEN, "frames.json"), "utf8")) as readonly FrameExample[];
const sessions = JSON.parse(readFileSync(join(GOLDEN, "sessions.json"), "utf8")) as readonly SessionExample[];
const NONCE = "0123456789abcdef".repeat(2);

const named = <T extends { readonly name: string }>(examples: readonly T[]): readonly (readonly [string, T])[] =>
  examples.map((example) => [example.name, example]);
const types: Readonly<Record<string, FrameType>> = FRAME;

describe("a golden frame", () => {
  test.each(named(frames.filter(({ valid }) => valid)))("is read, and written the same: %s", (_name, example) => {
    const bytes = Buffer.from(example.hex, "hex");
    const [frame, ...more] = [...new FrameReader().push(bytes)];
    if (frame === undefined) throw new Error("there is no frame");
    expect(more).toEqual([]);
    expect<number | undefined>(frame.type).toBe(types[example.type]);
    if (example.payloadHex !== undefined) expect(Buffer.from(frame.payload).toString("hex")).toBe(example.payloadHex);
    else expect(JSON.parse(Buffer.from(frame.payload).toString())).toEqual(example.payloadJson);
    expect(Buffer.from(encodeFrame(frame.type, frame.payload))).toEqual(bytes);
  });

  test.each(named(frames.filter(({ valid }) => !valid)))("is refused: %s", (_name, example) => {
    expect(() => [...new FrameReader().push(Buffer.from(example.hex, "hex"))]).toThrow(RangeError);
  });
});

/** The hello in a golden line; throws or gives nothing where the line is wrong. */
function helloIn({ kind, text }: SessionExample): Hello | undefined {
  // A host never reads `hello` by itself: the answer to its sync holds the same. So the line is put behind that beginning.
  const answer = kind === "hello" ? text.replace(/^banger-hello /, `banger-synced ${NONCE} `) : text;
  const line = new SyncedReader(NONCE).push(Buffer.from(answer));
  return line === undefined ? undefined : parseHello(line);
}

describe("a golden line", () => {
  const answers = sessions.filter(({ kind }) => kind !== "sync");

  test.each(named(answers.filter(({ valid }) => valid)))("is read: %s", (_name, example) => {
    expect(helloIn(example)).toEqual(example.hello ?? expect.objectContaining({ protocol: 1 }));
  });

  test.each(named(answers.filter(({ valid }) => !valid)))("is refused: %s", (_name, example) => {
    const read = (): Hello => helloIn(example) ?? fail();
    expect(read).toThrow();
  });
});

function fail(): never {
  throw new Error("the line is not an answer");
}
