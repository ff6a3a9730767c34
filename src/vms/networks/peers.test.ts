import { expect, test } from "bun:test";
import type { VmBoot, VmPlan, VmRecord } from "../vm-record.ts";
import { makePeers } from "./peers.ts";

let last = 0;
/** A vm that runs. */
function vm(name: string, network: string | null, address: string | null = `198.19.0.${(last += 4) + 2}/30`): VmRecord {
  const [plan, boot] = [{ network } as VmPlan, { vmm: {}, address } as VmBoot];
  return { id: name, name, state: "running", generation: 1, problem: null, plan, boot, createdAt: 0 };
}
const stopped = (record: VmRecord): VmRecord => ({ ...record, boot: record.boot === null ? null : { ...record.boot, vmm: null } });

test("those of a network know each other, by name and with the network behind it, and nobody else", () => {
  const peers = makePeers();
  const [web, db, other, alone] = [vm("web", "shop"), vm("db", "shop"), vm("other", "lab"), vm("alone", null)];
  for (const record of [web, db, other, alone]) peers.put(record);
  expect(peers.of(web)).toEqual([{ address: "198.19.0.10", names: ["db", "db.shop"] }]);
  expect(peers.of(vm("late", "shop"))).toMatchObject([{ names: ["db", "db.shop"] }, { names: ["web", "web.shop"] }]);
  expect(peers.of(other)).toEqual([]);
  expect(peers.of(alone)).toEqual([]);
});

test("one that has stopped, has no address, or is gone is nobody's peer", () => {
  const peers = makePeers();
  const [web, db] = [vm("web", "shop"), vm("db", "shop")];
  for (const record of [web, db, vm("bare", "shop", null)]) peers.put(record);
  expect(peers.of(web)).toHaveLength(1);
  peers.put(stopped(db));
  expect(peers.of(web)).toEqual([]);
  peers.put(db);
  peers.drop(db.id);
  expect(peers.of(web)).toEqual([]);
});

test("localhost stays who it is to everybody", () => {
  const peers = makePeers();
  peers.put(vm("localhost", "shop"));
  expect(peers.of(vm("web", "shop"))).toMatchObject([{ names: ["localhost.shop"] }]);
});

test("a change is told once, and what changes nobody's names is not", () => {
  const peers = makePeers();
  let told = 0;
  peers.onChange(() => (told += 1));
  const web = vm("web", "shop");
  peers.put(web);
  peers.put({ ...web, generation: 2, state: "paused" });
  expect(told).toBe(1);
  peers.put({ ...web, name: "www" });
  expect(told).toBe(2);
  peers.drop(web.id);
  peers.drop(web.id);
  peers.put(vm("alone", null));
  expect(told).toBe(3);
});
