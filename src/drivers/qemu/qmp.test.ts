import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeClock } from "../../system/clock.ts";
import { Qmp, type QmpEvent } from "./qmp.ts";

const GREETING = `{"QMP":{"version":{"qemu":{"major":7}},"capabilities":[]}}\r\n`;
const SHORT_MS = 150;

interface Monitor extends AsyncDisposable {
  readonly events: readonly QmpEvent[];
  open(): Promise<Qmp>;
}

/** A monitor that greets with `first` and gives each command to `answer`. */
async function serve(first: string, answer: (command: { execute: string; id: number }, socket: Socket) => void): Promise<Monitor> {
  const folder = mkdtempSync(join(tmpdir(), "banger-qmp-"));
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.write(first);
    socket.on("data", (bytes) => {
      for (const line of bytes.toString().trim().split("\n")) answer(JSON.parse(line), socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(join(folder, "s"), resolve));
  const events: QmpEvent[] = [];
  return {
    events,
    open: () => Qmp.open(connect(join(folder, "s")), makeClock(), SHORT_MS, (event) => void events.push(event)),
    [Symbol.asyncDispose]: async () => {
      server.close();
      rmSync(folder, { recursive: true });
    },
  };
}

const say = (socket: Socket, value: unknown): void => void socket.write(`${JSON.stringify(value)}\r\n`);

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
}

describe("QEMU's monitor", () => {
  test("answers commands, in any order, and tells events", async () => {
    await using monitor = await serve(GREETING, ({ execute, id }, socket) => {
      say(socket, { event: "RESUME", timestamp: { seconds: 1, microseconds: 2 } });
      if (execute === "slow") setTimeout(() => say(socket, { return: "slow", id }), 30);
      else say(socket, { return: execute, id });
    });
    using qmp = await monitor.open();
    expect(await Promise.all([qmp.execute("slow"), qmp.execute("fast")])).toEqual(["slow", "fast"]);
    expect(monitor.events[0]).toEqual({ kind: "event", name: "RESUME", data: {} });
  });

  test("that refuses is quoted", async () => {
    await using monitor = await serve(GREETING, ({ execute, id }, socket) =>
      say(socket, execute === "qmp_capabilities" ? { return: {}, id } : { error: { class: "GenericError", desc: "no such device" }, id }),
    );
    using qmp = await monitor.open();
    expect(await failureOf(qmp.execute("cont"))).toMatchObject({ code: "qmp_error", message: "QEMU refused: no such device" });
  });

  test("that another client holds says nothing, and that has a deadline", async () => {
    await using monitor = await serve("", () => undefined);
    expect(await failureOf(monitor.open())).toMatchObject({ code: "qmp_silent" });
  });

  test("that never answers a command has a deadline", async () => {
    await using monitor = await serve(
      GREETING,
      ({ execute, id }, socket) => void (execute === "qmp_capabilities" && say(socket, { return: {}, id })),
    );
    using qmp = await monitor.open();
    const started = performance.now();
    expect(await failureOf(qmp.execute("stop", {}, 50))).toMatchObject({ kind: "timeout" });
    expect(performance.now() - started).toBeLessThan(2000);
  });

  test("that goes away ends the commands under way", async () => {
    await using monitor = await serve(
      GREETING,
      ({ execute, id }, socket) => void (execute === "qmp_capabilities" ? say(socket, { return: {}, id }) : socket.destroy()),
    );
    using qmp = await monitor.open();
    expect(await failureOf(qmp.execute("stop"))).toMatchObject({ code: "qmp_lost" });
    await qmp.ended;
  });

  test.each(["nonsense\n", `{"x":1}\n`, "[]\n", "y".repeat(2 * 1024 * 1024)])("that talks nonsense is left: %.12s", async (first) => {
    await using monitor = await serve(first, () => undefined);
    expect(await failureOf(monitor.open())).toMatchObject({ code: expect.stringMatching(/^qmp_/) });
  });
});
