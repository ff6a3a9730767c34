import { expect, test } from "bun:test";
import { makeGate } from "./gate.ts";

test("many share, and then nobody is alone", async () => {
  const gate = makeGate();
  const [first, second] = [Promise.withResolvers<number>(), Promise.withResolvers<number>()];
  const working = [gate.share(() => first.promise), gate.share(() => second.promise)];
  expect(await gate.tryAlone(async () => "removed")).toBeUndefined();
  first.resolve(1);
  await working[0];
  expect(await gate.tryAlone(async () => "removed")).toBeUndefined();
  second.resolve(2);
  expect(await Promise.all(working)).toEqual([1, 2]);
  expect(await gate.tryAlone(async () => "removed")).toEqual({ result: "removed" });
});

test("who comes while somebody is alone waits for his end, also when that is a failure", async () => {
  const gate = makeGate();
  const order: string[] = [];
  const removing = Promise.withResolvers<void>();
  const alone = gate.tryAlone(() => removing.promise);
  const shared = [1, 2].map((number) => gate.share(async () => void order.push(`shared ${number}`)));
  expect(await gate.tryAlone(async () => "second")).toBeUndefined();
  expect(order).toEqual([]);
  order.push("alone failed");
  removing.reject(new Error("it cannot be removed"));
  await expect(alone).rejects.toThrow("it cannot be removed");
  await Promise.all(shared);
  expect(order).toEqual(["alone failed", "shared 1", "shared 2"]);
});

test("a failure of who shares opens the gate again", async () => {
  const gate = makeGate();
  await expect(gate.share(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await gate.tryAlone(async () => 1)).toEqual({ result: 1 });
});
