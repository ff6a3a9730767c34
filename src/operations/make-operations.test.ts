import { afterEach, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { BangerError } from "../contract/errors.ts";
import { operationEvent } from "../contract/events.ts";
import { openDatabase } from "../system/database.ts";
import { makeClock } from "../system/clock.ts";
import { makeRandom } from "../system/random.ts";
import type { Log } from "../system/log.ts";
import { makeOperations } from "./make-operations.ts";
import { OPERATIONS_MIGRATIONS } from "./operations-rows.ts";
import type { OperationEvent } from "../contract/events.ts";
import type { OperationContext, Operations } from "./operations.ts";

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const cleanups: (() => void)[] = [];
afterEach(() => cleanups.splice(0).forEach((cleanup) => cleanup()));

function makeWorld() {
  const folder = mkdtempSync(join(tmpdir(), "banger-operations-"));
  const database = openDatabase(join(folder, "test.db"), OPERATIONS_MIGRATIONS);
  cleanups.push(() => {
    database[Symbol.dispose]();
    rmSync(folder, { recursive: true });
  });
  let monotonicMs = 0;
  const clock = { ...makeClock(), monotonicMs: () => monotonicMs };
  const engine = (over = database) => makeOperations(over, { clock, random: makeRandom(), log: silent });
  return { database, engine, operations: engine(), pass: (ms: number) => void (monotonicMs += ms) };
}

async function eventsOf(operations: Operations, id: string, from = 0): Promise<OperationEvent[]> {
  const events = [];
  for await (const event of operations.watch(id, from)) events.push(event);
  return events;
}

const bodies = (events: readonly OperationEvent[]): unknown[] => events.map(({ seq: _, at: __, ...body }) => body);
const untilAborted = ({ signal }: OperationContext): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

describe("an operation", () => {
  test("tells its stages, notices and outcome, numbered without gaps", async () => {
    const { operations, pass } = makeWorld();
    const { id } = operations.start("vm.create", "dev", async (context) => {
      context.notice("no KVM here");
      await context.stage("disk", async (stage) => {
        pass(12);
        stage.note("from the pool");
      });
      return { name: "dev" };
    });
    const events = await eventsOf(operations, id);
    expect(bodies(events)).toEqual([
      { type: "notice", message: "no KVM here" },
      { type: "stage-started", stage: "disk" },
      { type: "stage-finished", stage: "disk", elapsedMs: 12, note: "from the pool" },
      { type: "outcome", ok: true, output: { name: "dev" } },
    ]);
    expect(events.map(({ seq }) => seq)).toEqual([0, 1, 2, 3]);
    for (const event of events) expect(operationEvent.parse(event)).toEqual(event);
    expect(operations.get(id)).toMatchObject({ name: "vm.create", subject: "dev", state: "done" });
  });

  test("whose stage is cut off says so, and not that the stage was finished", async () => {
    const { operations, pass } = makeWorld();
    const { id } = operations.start("vm.start", "dev", (context) =>
      context.stage("boot", async (stage) => {
        stage.note("tcg");
        pass(30);
        throw new BangerError("timeout", "guest_silent", "the guest says nothing");
      }),
    );
    expect(bodies(await eventsOf(operations, id)).slice(0, 2)).toEqual([
      { type: "stage-started", stage: "boot" },
      { type: "stage-failed", stage: "boot", elapsedMs: 30 },
    ]);
  });

  test("says what it is about once it knows", async () => {
    const { operations } = makeWorld();
    const { id } = operations.start("vm.create", "", async (context) => context.about("brave-otter"));
    await eventsOf(operations, id);
    expect(operations.get(id).subject).toBe("brave-otter");
  });

  test("is recorded before its work begins", () => {
    const { operations } = makeWorld();
    let hasBegun = false;
    const { id } = operations.start("vm.create", "", async () => (hasBegun = true));
    expect(hasBegun).toBe(false);
    expect(operations.get(id).state).toBe("running");
    return eventsOf(operations, id);
  });

  test("thins out progress and keeps the last of a stage", async () => {
    const { operations, pass } = makeWorld();
    const { id } = operations.start("image.pull", "", (context) =>
      context.stage("download", async (stage) => {
        for (let done = 0; done <= 100; done += 1) {
          stage.progress(done, 100, "bytes");
          pass(9);
        }
      }),
    );
    const dones = (await eventsOf(operations, id)).flatMap((event) => (event.type === "progress" ? [event.done] : []));
    expect(dones.length).toBeLessThan(12);
    expect(dones.at(0)).toBe(0);
    expect(dones.at(-1)).toBe(100);
  });

  test("fails with the error that its work threw, and a bug is told as one", async () => {
    const { operations } = makeWorld();
    const expected = operations.start("vm.start", "x", async () => {
      throw new BangerError("refused", "start_refused", "cannot start vm `x`: no", { hint: "try" });
    });
    const bug = operations.start("vm.start", "x", () => {
      throw new TypeError("oops");
    });
    expect(bodies(await eventsOf(operations, expected.id)).at(-1)).toEqual({
      type: "outcome",
      ok: false,
      error: { code: "start_refused", kind: "refused", message: "cannot start vm `x`: no", hint: "try" },
    });
    expect((await eventsOf(operations, bug.id)).at(-1)).toMatchObject({ ok: false, error: { kind: "bug" } });
    expect(operations.get(expected.id)).toMatchObject({ state: "failed", error: { code: "start_refused" } });
  });
});

describe("cancel", () => {
  test("aborts the work's signal, waits for its end, and gives the outcome cancelled", async () => {
    const { operations } = makeWorld();
    let hasTidied = false;
    const { id } = operations.start("vm.create", "", (context) =>
      untilAborted(context).finally(async () => {
        await turn();
        hasTidied = true;
      }),
    );
    await turn();
    expect(await operations.cancel(id)).toMatchObject({ state: "cancelled", error: { kind: "cancelled" } });
    expect(hasTidied).toBe(true);
    expect((await eventsOf(operations, id)).at(-1)).toMatchObject({ type: "outcome", ok: false, error: { kind: "cancelled" } });
  });

  test("changes nothing when the work was done all the same", async () => {
    const { operations } = makeWorld();
    const { id } = operations.start("vm.create", "", (context) => untilAborted(context).catch(() => "made it"));
    await turn();
    expect((await operations.cancel(id)).state).toBe("done");
    expect((await operations.cancel(id)).state).toBe("done");
  });

  test("stops before the next stage", async () => {
    const { operations } = makeWorld();
    const { id } = operations.start("vm.create", "", async (context) => {
      await turn();
      await context.stage("boot", async () => expect.unreachable());
    });
    expect((await operations.cancel(id)).state).toBe("cancelled");
  });

  test("names what failed while tidying up", async () => {
    const { operations } = makeWorld();
    const { id } = operations.start("vm.create", "", (context) =>
      untilAborted(context).catch(() => Promise.reject(new BangerError("unavailable", "disk_full", "no room"))),
    );
    await turn();
    expect((await operations.cancel(id)).error).toMatchObject({ kind: "cancelled", data: { while: { code: "disk_full" } } });
  });

  test("of an unknown operation is not found", () => {
    expect(makeWorld().operations.cancel("0000000000000000")).rejects.toMatchObject({ code: "operation_not_found" });
  });
});

describe("watch", () => {
  test("gives from any number the same events, also while they come and to many at once", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 30 }),
        fc.array(fc.nat(40), { maxLength: 5 }),
        async (pauses, froms) => {
          const { operations } = makeWorld();
          const { id } = operations.start("vm.create", "", async (context) => {
            for (const [index, pause] of pauses.entries()) {
              context.notice(String(index));
              for (let each = 0; each < pause; each += 1) await turn();
            }
          });
          const early = froms.map((from) => eventsOf(operations, id, from));
          const all = await eventsOf(operations, id);
          expect(all.map(({ seq }) => seq)).toEqual(all.map((_, index) => index));
          expect(all.length).toBe(pauses.length + 1);
          for (const [index, from] of froms.entries()) {
            expect(await early[index]).toEqual(all.slice(from));
            expect(await eventsOf(operations, id, from)).toEqual(all.slice(from));
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  test("tells nothing that is not stored", async () => {
    const { operations, database } = makeWorld();
    const { id } = operations.start("vm.create", "", async (context) => {
      for (let each = 0; each < 20; each += 1) {
        context.notice("x");
        await turn();
      }
    });
    for await (const { seq } of operations.watch(id, 0)) {
      expect(database.first("SELECT seq FROM events WHERE operation_id = ? AND seq = ?", id, seq)).toBeDefined();
    }
  });

  test("ends when its signal aborts, and the work goes on", async () => {
    const { operations } = makeWorld();
    const abort = new AbortController();
    const { promise, resolve } = Promise.withResolvers<string>();
    const { id } = operations.start("vm.create", "", () => promise);
    const watching = (async () => {
      for await (const _ of operations.watch(id, 0, abort.signal)) expect.unreachable();
    })();
    await turn();
    abort.abort();
    await watching;
    resolve("done");
    expect((await eventsOf(operations, id)).at(-1)).toMatchObject({ ok: true, output: "done" });
  });
});

describe("the life of the daemon", () => {
  test("an operation whose daemon died gets an outcome at the next start, once", async () => {
    const { operations, engine } = makeWorld();
    const { id } = operations.start("vm.create", "dev", async (context) => {
      context.notice("begun");
      await new Promise(() => {});
    });
    await turn();
    await turn();
    const next = engine();
    next.reconcile();
    const events = await eventsOf(next, id);
    expect(bodies(events)).toMatchObject([
      { type: "notice", message: "begun" },
      { type: "outcome", ok: false, error: { kind: "unavailable", code: "daemon_died" } },
    ]);
    engine().reconcile();
    expect(await eventsOf(next, id)).toEqual(events);
    expect(next.get(id).state).toBe("failed");
  });

  test("an operation that was recorded though that failed gets an outcome, and its work never begins", async () => {
    const { database, engine } = makeWorld();
    let isFull = true;
    const operations = engine({
      ...database,
      run: (sql, ...values) => {
        const changed = database.run(sql, ...values);
        if (isFull) throw new BangerError("unavailable", "disk_full", "the disk is full");
        return changed;
      },
    });
    let hasBegun = false;
    expect(() => operations.start("vm.create", "dev", async () => (hasBegun = true))).toThrow("the disk is full");
    isFull = false;
    operations.reconcile();
    expect(operations.list()).toMatchObject([{ name: "vm.create", state: "failed", error: { code: "operation_not_recorded" } }]);
    expect(hasBegun).toBe(false);
  });

  test("close cancels what runs, waits for it, and lets nothing new begin", async () => {
    const { operations } = makeWorld();
    const { id } = operations.start("vm.create", "", untilAborted);
    await turn();
    await operations.close();
    expect(operations.get(id)).toMatchObject({ state: "cancelled", error: { code: "daemon_stopping" } });
    expect(() => operations.start("vm.create", "", async () => {})).toThrow("stopping");
  });

  test("keeps the last thousand ended operations, the newest first", async () => {
    const { operations, database } = makeWorld();
    database.transaction(() => {
      for (let each = 0; each < 1100; each += 1) {
        const id = each.toString(16).padStart(16, "0");
        database.run("INSERT INTO operations VALUES (?, 'vm.start', '', 'done', ?, ?, NULL)", id, each, each);
        database.run("INSERT INTO events VALUES (?, 0, 0, '{}')", id);
      }
    });
    const { id } = operations.start("vm.start", "new", async () => {});
    await eventsOf(operations, id);
    const kept = operations.list();
    expect(kept).toHaveLength(1000);
    expect(kept.at(0)?.id).toBe(id);
    expect(kept.at(-1)?.startedAt).toBe(101);
    expect(database.first("SELECT count(DISTINCT operation_id) AS n FROM events")).toEqual({ n: 1000 });
  });
});
