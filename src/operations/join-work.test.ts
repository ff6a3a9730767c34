import { expect, test } from "bun:test";
import { BangerError } from "../contract/errors.ts";
import { makeJoinWork } from "./join-work.ts";
import type { OperationContext } from "./operations.ts";

function contextOf(operationId: string, signal = new AbortController().signal) {
  const stages: string[] = [];
  const context: OperationContext = {
    operationId,
    signal,
    about: () => undefined,
    notice: () => undefined,
    output: () => undefined,
    stage: (name, body) => {
      stages.push(name);
      return body({ progress: () => undefined, note: (text) => void stages.push(text) });
    },
  };
  return { context, stages };
}

/** Work that ends when it is told to. */
function held() {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let times = 0;
  const work = (): Promise<string> => {
    times += 1;
    return promise;
  };
  return { work, resolve, reject, times: () => times };
}

const cancelled = new BangerError("cancelled", "cancelled", "it was cancelled");

test("work under way is done once, and its end is everybody's", async () => {
  const join = makeJoinWork();
  const { work, resolve, times } = held();
  const [first, second, third] = [contextOf("1"), contextOf("2"), contextOf("3")];
  const all = [first, second, third].map(({ context }) => join("k", context, work));
  resolve("done");
  expect(await Promise.all(all)).toEqual(["done", "done", "done"]);
  expect(times()).toBe(1);
  expect([first.stages, second.stages]).toEqual([[], ["wait", "for operation 1, which does the same"]]);
  await join("k", first.context, work);
  expect(times()).toBe(2);
});

test("its failure is everybody's, too", async () => {
  const join = makeJoinWork();
  const { work, reject, times } = held();
  const all = Promise.allSettled(["1", "2"].map((id) => join("k", contextOf(id).context, work)));
  reject(new Error("no"));
  expect((await all).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(times()).toBe(1);
});

test("other work is not waited for", async () => {
  const join = makeJoinWork();
  const { work } = held();
  void join("k", contextOf("1").context, work);
  expect(await join("other", contextOf("2").context, async () => "at once")).toBe("at once");
});

test("when who does it is cancelled, one of the others does it", async () => {
  const join = makeJoinWork();
  const first = held();
  const next = held();
  const doing = join("k", contextOf("1").context, first.work);
  const waiting = ["2", "3"].map((id) => join("k", contextOf(id).context, next.work));
  first.reject(cancelled);
  await expect(doing).rejects.toBe(cancelled);
  next.resolve("done");
  expect(await Promise.all(waiting)).toEqual(["done", "done"]);
  expect(next.times()).toBe(1);
});

test("who waits can be cancelled, and the work goes on", async () => {
  const join = makeJoinWork();
  const { work, resolve } = held();
  const doing = join("k", contextOf("1").context, work);
  const cancel = new AbortController();
  const waiting = join("k", contextOf("2", cancel.signal).context, work);
  cancel.abort();
  await expect(waiting).rejects.toMatchObject({ kind: "cancelled" });
  resolve("done");
  expect(await doing).toBe("done");
});
