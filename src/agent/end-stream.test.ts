/** A whole answer stays one, whatever comes right behind it and however late it is read; a half one never becomes one. */
import { describe, expect, test } from "bun:test";
import type { Duplex } from "node:stream";
import { BangerError } from "../contract/errors.ts";
import type { Agent } from "./agent.ts";
import { makeOpenAgent } from "./open-agent.ts";
import { answer, H2, h2Frame, serveFrames, startPeer, u32 } from "./test-peer.ts";
import { testSystem } from "./test-system.ts";

const never = new AbortController().signal;
const BLOCK = Buffer.alloc(16_000, "b");
const END = 1;

interface Tail {
  readonly frames: (stream: number) => readonly Buffer[];
  readonly hangsUp: boolean;
}

const reset =
  (code: number): Tail["frames"] =>
  (stream) => [h2Frame(H2.reset, 0, stream, u32(code))];
const TAILS: readonly (readonly [string, Tail])[] = [
  ["nothing", { frames: () => [], hangsUp: false }],
  ["a reset without an error", { frames: reset(0), hangsUp: false }],
  ["a reset that cancels", { frames: reset(8), hangsUp: false }],
  ["the hang-up", { frames: () => [], hangsUp: true }],
  ["a reset and the hang-up", { frames: reset(0), hangsUp: true }],
];
const READERS: readonly (readonly [string, (stream: Duplex, agent: Agent) => Promise<void>])[] = [
  ["at once", async () => undefined],
  ["after its end", async (stream) => void stream.end()],
  ["late", async (stream) => void (await new Promise((resolve) => stream.once("readable", resolve)))],
  [
    "late and ends meanwhile",
    async (stream) => {
      await new Promise((resolve) => stream.once("readable", resolve));
      stream.end();
    },
  ],
];

/** All of it in one breath: 200, blocks, the last words with or without END_STREAM, the tail. */
async function talk(
  blocks: number,
  isWhole: boolean,
  { frames, hangsUp }: Tail,
  use: (agent: Agent) => Promise<void>,
  body = "end",
): Promise<void> {
  using peer = await startPeer((socket) =>
    serveFrames(socket, ({ type, stream }) => {
      if (type !== H2.headers) return;
      const all = Array.from({ length: blocks }, () => h2Frame(H2.data, 0, stream, BLOCK));
      socket.write(
        Buffer.concat([answer(stream, 200), ...all, h2Frame(H2.data, isWhole ? END : 0, stream, Buffer.from(body)), ...frames(stream)]),
      );
      if (hangsUp) socket.end();
    }),
  );
  await using agent = await makeOpenAgent(testSystem)({ connect: () => peer.dial(), deadlineMs: 5000, signal: never });
  await use(agent);
}

async function count(stream: Duplex): Promise<number> {
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += (chunk as Buffer).length;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return bytes;
}

describe.each(TAILS)("%s right behind", (_name, tail) => {
  test.each(READERS)("END_STREAM loses nothing to who reads %s", async (_reader, begin) => {
    for (const blocks of [0, 1, 5, 30, 60]) {
      await talk(blocks, true, tail, async (agent) => {
        const stream = await agent.openExec(never);
        await begin(stream, agent);
        expect({ blocks, bytes: await count(stream) }).toEqual({ blocks, bytes: blocks * BLOCK.length + 3 });
      });
    }
  });

  test("the END_STREAM of a document leaves the document", async () => {
    const body = JSON.stringify({ state: "configured", uptimeMs: 1, init: "agent" });
    await talk(0, true, tail, async (agent) => expect(await agent.health(never)).toMatchObject({ state: "configured" }), body);
  });
});

describe.each(TAILS.slice(1))("%s instead of END_STREAM", (_name, tail) => {
  test.each(READERS)("is an error to who reads %s", async (_reader, begin) => {
    for (const blocks of [0, 5, 60]) {
      await talk(blocks, false, tail, async (agent) => {
        const stream = await agent.openExec(never);
        stream.on("error", () => undefined);
        await begin(stream, agent);
        const failure = await count(stream).catch((error: unknown) => error);
        expect(failure).toBeInstanceOf(BangerError);
        expect((failure as BangerError).code).toMatch(/^guest_(connection_lost|stream_reset)$/);
      });
    }
  });
});
