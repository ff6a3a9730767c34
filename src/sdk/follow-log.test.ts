import { expect, test } from "bun:test";
import fc from "fast-check";
import { BangerError } from "../contract/errors.ts";
import type { HostLogPart } from "../contract/schemas/log.ts";
import { followLog } from "./follow-log.ts";
import type { LogPlace } from "./sdk.ts";

const LOG = "0123456789abcdef";

/** A daemon that gives a log in parts of so many bytes, each connection so many parts. */
function makeOpen(connections: readonly number[], partBytes: number, asked: (LogPlace | undefined)[]) {
  return async (place: LogPlace | undefined): Promise<AsyncIterable<unknown>> => {
    const parts = connections[asked.length] ?? Infinity;
    asked.push(place);
    let from = place?.from ?? 0;
    return (async function* lines() {
      for (let sent = 0; from < LOG.length; sent += 1) {
        if (sent === parts) throw Object.assign(new Error("reset"), { code: "ECONNRESET" });
        const text = LOG.slice(from, from + partBytes);
        yield {
          source: "console",
          text,
          offset: from,
          endOffset: from + text.length,
          firstOffset: 0,
          logEndOffset: LOG.length,
        } satisfies HostLogPart;
        from += text.length;
      }
      yield { ended: "stopped", name: "dev" };
    })();
  };
}

test("every byte comes once and in order, wherever connections break", async () => {
  const breaks = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 2 });
  await fc.assert(
    fc.asyncProperty(breaks, fc.integer({ min: 1, max: 20 }), async (connections, partBytes) => {
      const lines = await Array.fromAsync(followLog(makeOpen(connections, partBytes, [])));
      expect(lines.map((line) => ("text" in line ? line.text : "")).join("")).toBe(LOG);
      expect(lines.at(-1)).toEqual({ ended: "stopped", name: "dev" });
    }),
    { numRuns: 8 },
  );
});

test("a daemon that stops says so, and the next one is asked for the rest", async () => {
  const asked: (LogPlace | undefined)[] = [];
  const open = makeOpen([], 4, asked);
  let isFirst = true;
  const openStopping = async (place: LogPlace | undefined): Promise<AsyncIterable<unknown>> => {
    const lines = await open(place);
    if (!isFirst) return lines;
    isFirst = false;
    return (async function* firstOf() {
      for await (const line of lines) {
        yield line;
        yield { error: new BangerError("unavailable", "daemon_stopping", "the daemon is stopping").toShape() };
      }
    })();
  };
  const lines = await Array.fromAsync(followLog(openStopping));
  expect(lines.map((line) => ("text" in line ? line.text : "")).join("")).toBe(LOG);
  expect(asked).toEqual([undefined, { from: 4 }]);
});

test("a daemon that gives nothing again and again is given up", () => {
  expect(Array.fromAsync(followLog(makeOpen([0, 0, 0, 0, 0], 1, [])))).rejects.toMatchObject({ code: "log_broken_off" });
});

test("what the daemon says is final", () => {
  const refuse = async (): Promise<AsyncIterable<unknown>> => Promise.reject(new BangerError("not_found", "vm_not_found", "there is none"));
  expect(Array.fromAsync(followLog(refuse))).rejects.toMatchObject({ code: "vm_not_found" });
  const fail = async (): Promise<AsyncIterable<unknown>> =>
    (async function* lines() {
      yield { error: new BangerError("unsupported", "no_guest_log", "it keeps none").toShape() };
    })();
  expect(Array.fromAsync(followLog(fail))).rejects.toMatchObject({ code: "no_guest_log" });
});
