/**
 * Bytes that mean ill, into everything on the host that reads what a guest wrote. They are examples, golden ones and those of
 * `test/corpus/parsers.json`, changed by chance. Each ends in a value or in the refusal that is meant for it, soon, and nothing of it
 * stays in memory. Whoever finds one that does not adds it to the corpus, which is tried first.
 */
import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { guestHealth, guestReport } from "../../src/agent/answers.ts";
import { parseHello } from "../../src/agent/hello.ts";
import { parseGuestJson } from "../../src/agent/parse-guest-json.ts";
import { SyncedReader } from "../../src/agent/synced-reader.ts";
import { watchOffers } from "../../src/agent/watch-offers.ts";
import { escapeOutput } from "../../src/contract/escape-text.ts";
import { TerminalFilter } from "../../src/cli/terminal/terminal-filter.ts";
import { BangerError } from "../../src/contract/errors.ts";
import { escapeGuestText } from "../../src/contract/escape-guest-text.ts";
import { FrameReader } from "../../src/contract/frames.ts";
import { GuestFrames } from "../../src/sdk/parse-guest-frames.ts";
import { isFull, makeChance, SEED, type Chance } from "../support/seeded.ts";
import { HOSTILE_SEQUENCES } from "../support/hostile-sequences.ts";

const EACH_MS = isFull ? 75_000 : 2000;
const SLOW_MS = 100;
const GROWTH_BYTES = 64 * 2 ** 20;
const MAX_INPUT_BYTES = 64 * 1024;
setDefaultTimeout(60_000 + EACH_MS * 2);

const NONCE = "0123456789abcdef".repeat(2);
const read = <T>(path: string): readonly T[] => JSON.parse(readFileSync(join(import.meta.dir, path), "utf8")) as readonly T[];
const kept = read<{ readonly parser: string; readonly hex: string }>("../corpus/parsers.json");
const frames = read<{ readonly hex: string }>("../../guest/golden/frames.json").map(({ hex }) => Buffer.from(hex, "hex"));
const lines = read<{ readonly text: string }>("../../guest/golden/sessions.json").map(({ text }) => text);

type Parse = (input: Buffer, chance: Chance) => unknown;
interface Parser {
  readonly parse: Parse;
  readonly examples: readonly Buffer[];
}

/** The input in pieces, as a stream brings it. */
function* piecesOf(input: Buffer, chance: Chance): Generator<Buffer> {
  for (let at = 0; at < input.length;) {
    const end = at + 1 + chance.below(Math.min(input.length - at, 1000));
    yield input.subarray(at, end);
    at = end;
  }
}

const PARSERS: Readonly<Record<string, Parser>> = {
  synced: {
    parse: (input) => {
      const reader = new SyncedReader(NONCE);
      for (let at = 0; at < input.length;) {
        const piece = input.subarray(at, at + reader.wanted);
        const line = reader.push(piece);
        if (line !== undefined) return parseHello(line);
        at += piece.length;
      }
      return undefined;
    },
    examples: lines.map((line) => Buffer.from(line.replace(/^banger-hello /, `banger-synced ${NONCE} `))),
  },
  frames: {
    parse: (input, chance) => {
      const reader = new FrameReader();
      let bytes = 0;
      for (const piece of piecesOf(input, chance)) for (const { payload } of reader.push(piece)) bytes += payload.length;
      expect(bytes).toBeLessThanOrEqual(input.length);
    },
    examples: frames,
  },
  "guest words": {
    parse: (input, chance) => {
      const reader = new GuestFrames();
      for (const piece of piecesOf(input, chance)) {
        for (const word of reader.push(piece)) if (word.type === "exited") return expect(Object.keys(word.exit)).toHaveLength(1);
      }
      return undefined;
    },
    examples: [Buffer.concat([Buffer.from("10000000027b7d", "hex"), ...frames]), ...frames],
  },
  health: {
    parse: (input) => parseGuestJson(guestHealth, input, "/healthz"),
    examples: [Buffer.from('{"state":"waiting","uptimeMs":1,"init":"agent"}')],
  },
  report: {
    parse: (input) => expect(parseGuestJson(guestReport, input, "/plan").kernel).toMatch(/^[!-~]+$/),
    examples: [Buffer.from('{"stages":[{"name":"mounts","ms":1.5}],"kernel":"6.12.117+deb12-cloud-amd64"}')],
  },
  offers: {
    parse: async (input, chance) => {
      for await (const { purpose } of watchOffers(Readable.from(piecesOf(input, chance)) as never)) expect(purpose).toMatch(/^[a-z0-9-]+$/);
    },
    examples: [Buffer.from('{"id":1,"purpose":"ssh-agent"}\n{"id":2,"purpose":"reverse-forward"}\n')],
  },
  terminal: {
    parse: (input, chance) => {
      const filter = new TerminalFilter(true);
      const passed = Buffer.concat([...[...piecesOf(input, chance)].map((piece) => filter.push(piece)), filter.end()]);
      for (const forbidden of ["\u001b]52;", "\u001b]1337;", "\u001bP", "\u001b_", "\u0005"])
        expect(passed.includes(forbidden)).toBe(false);
      expect(Buffer.from(passed.toString("utf8")).equals(passed)).toBe(true);
    },
    examples: HOSTILE_SEQUENCES.filter((_, at) => at % 10 === 0),
  },
  text: {
    parse: (input) => {
      const text = input.toString("utf8");
      expect(
        /[^\P{Cc}\n\r\t]|\p{Cf}/u.test(
          escapeOutput(text).replaceAll(/[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd}\u{13430}-\u{1343f}]/gu, ""),
        ),
      ).toBe(false);
      expect(/\p{Cc}|\p{Cf}/u.test(escapeGuestText(text))).toBe(false);
    },
    examples: HOSTILE_SEQUENCES.filter((_, at) => at % 10 === 5),
  },
};

const TELLING = [
  "\0",
  "\xff\xff\xff\xff",
  "\\u0000",
  '"',
  "{",
  "[".repeat(3000),
  "\xc3\xa4",
  "-1",
  "1e999",
  "null",
  "\n",
  "\x1b",
  "\x9b",
  "__proto__",
  `banger-synced ${NONCE} `,
].map((text) => Buffer.from(text, "latin1"));

function change(input: Buffer, others: readonly Buffer[], chance: Chance): Buffer {
  let bytes = Buffer.from(input);
  for (let turn = chance.below(5); turn >= 0; turn -= 1) {
    const at = chance.below(bytes.length + 1);
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
    const insert = (added: Uint8Array): Buffer => Buffer.concat([before, added, after]);
    const ways = [
      () => insert(chance.pick(TELLING)),
      () => insert(chance.bytes(chance.below(4))),
      () => insert(chance.pick(others)),
      () => Buffer.from(before),
      () => Buffer.concat([before, after.subarray(chance.below(after.length + 1))]),
      () => bytes.map((byte, index) => (index === at ? byte ^ (1 << chance.below(8)) : byte)),
    ];
    bytes = Buffer.from(chance.pick(ways)());
  }
  return bytes.subarray(0, MAX_INPUT_BYTES);
}

/** Whether it took longer than it may. Throws what is no refusal. */
async function isSlow(parse: Parse, input: Buffer, seed: number): Promise<boolean> {
  const begun = performance.now();
  try {
    await parse(input, makeChance(seed));
  } catch (error) {
    if (!(error instanceof BangerError) && !(error instanceof RangeError)) throw error;
  }
  return performance.now() - begun > SLOW_MS;
}

test.each(Object.entries(PARSERS))(`%s bears everything (seed ${SEED})`, async (name, { parse, examples }) => {
  console.log(`BANGER_TEST_SEED=${SEED}`);
  const all = [...kept.filter(({ parser }) => parser === name).map(({ hex }) => Buffer.from(hex, "hex")), ...examples];
  const chance = makeChance();
  Bun.gc(true);
  const before = process.memoryUsage().heapUsed;
  const begun = performance.now();
  for (let tried = 0; tried < all.length || performance.now() - begun < EACH_MS; tried += 1) {
    const input = tried < all.length ? (all[tried] ?? Buffer.alloc(0)) : change(chance.pick(all), all, chance);
    const seed = chance.below(2 ** 31);
    try {
      // Only what is slow again and again is slow by itself, and not for what else this computer does.
      let slow = 0;
      while (slow < 3 && (await isSlow(parse, input, seed))) slow += 1;
      expect(slow).toBeLessThan(3);
    } catch (error) {
      throw new Error(`${name} does not bear this, which belongs into test/corpus/parsers.json: ${input.toString("hex")}`, {
        cause: error,
      });
    }
    // Timers and the collector have their turn.
    if (tried % 1000 === 999) await new Promise((resolve) => setImmediate(resolve));
  }
  Bun.gc(true);
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(GROWTH_BYTES);
});

test("every input of the corpus is some parser's", () => {
  expect(kept.filter(({ parser }) => PARSERS[parser] === undefined)).toEqual([]);
});
