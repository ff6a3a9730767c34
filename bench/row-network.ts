/** Row 7: the place of a new vm in the network, against a program that makes it by three calls of `ip` and four of `nft`. */
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { addCards, removeCards } from "../src/network/card-batches.ts";
import { makeNetwork } from "../src/network/make-network.ts";
import { enterArguments } from "../src/network/namespace-arguments.ts";
import { endAll, openNamespace, runInside, type Namespace } from "../src/network/namespace.ts";
import { NO_GRANTS, removeText, slotText, tableText } from "../src/network/rules.ts";
import { slotOf, type Slot } from "../src/network/slots.ts";
import { makeJsonLog } from "../src/system/json-log.ts";
import { makeSystem } from "../src/system/make-system.ts";
import type { System } from "../src/system/system.ts";
import { closeWorld, openWorld } from "../test/support/world.ts";
import { compare, timed, type Measured, type Row } from "./measure.ts";

const RUNS = 25;
/** What was claimed is made anew behind the next one's back. */
const REFILL_MS = 500;
const VM = "0123456789ab";

export async function* measureNetwork(): AsyncIterable<Row> {
  const [pooled, single] = [await openWorld(), await openWorld()];
  using undo = new DisposableStack();
  const inMemory = (): string => {
    const folder = mkdtempSync("/dev/shm/banger-");
    undo.defer(() => rmSync(folder, { recursive: true }));
    return folder;
  };
  const uid = process.getuid?.() ?? 0;
  const signal = new AbortController().signal;
  try {
    // Sockets and claims lie in memory where a user has a session.
    const open = (environment: Readonly<Record<string, string>>, memory: string): System =>
      makeSystem({ ...environment, XDG_RUNTIME_DIR: memory }, makeJsonLog(2));
    const systems = [open(pooled.environment, inMemory()), open(single.environment, inMemory())] as const;
    for (const { files, layout } of systems) await files.makeFolder(layout.roots.state);
    const placeHelper = async (): Promise<string> => join(import.meta.dir, "../build/banger-nethelper");
    await using network = makeNetwork({ system: systems[0], mode: "auto", uid, placeHelper });
    const wish = { wanted: true, unsafe: false, grants: NO_GRANTS };
    await (await network.openLink(VM, wish, signal))[Symbol.asyncDispose]();
    const namespace = await openNamespace(systems[1], uid === 0 ? "rooted" : "rootless", signal);
    const inside = (argv: readonly string[], input: string): Promise<void> => runInside(systems[1], namespace, argv, input);
    try {
      await inside(["nft", "-f", "-"], tableText({ own: [], near: [] }, []));
      yield await compare({
        row: 7,
        operation: "network of a new vm, from the pool",
        target: 0.05,
        runs: RUNS,
        ours: {
          what: "claim",
          run: async () => {
            await Bun.sleep(REFILL_MS);
            const begin = performance.now();
            const link = await network.openLink(VM, wish, signal);
            const ms = performance.now() - begin;
            await link[Symbol.asyncDispose]();
            return ms;
          },
        },
        other: byForks(systems[1], namespace),
      });
      yield await compare({
        row: 7,
        operation: "network of a new vm, made",
        target: 1 / 3,
        runs: RUNS,
        ours: {
          what: "nft -f and ip -batch",
          run: async () => {
            const slot = slotOf(1);
            const ms = await timed(() =>
              Promise.all([inside(["nft", "-f", "-"], slotText(slot)), inside(["ip", "-batch", "-"], addCards([slot]))]),
            );
            await inside(["ip", "-batch", "-"], removeCards([slot]));
            await inside(["nft", "-f", "-"], removeText(slot, NO_GRANTS));
            return ms;
          },
        },
        other: byForks(systems[1], namespace),
      });
    } finally {
      await endAll(systems[1], [namespace.keeper]);
    }
  } finally {
    for (const world of [pooled, single]) await closeWorld(world);
  }
}

function byForks(system: System, namespace: Namespace): Measured {
  const slot: Slot = slotOf(2);
  const run = async (script: string): Promise<unknown> =>
    system.processes.runOk([...enterArguments(namespace.mode, namespace.keeper.pid), "sh", "-ec", script], { timeoutMs: 60_000 });
  const made = [
    `ip tuntap add dev ${slot.name} mode tap`,
    `ip address add ${slot.gateway}/30 dev ${slot.name}`,
    `ip link set ${slot.name} up`,
    "nft add table ip other",
    `nft add chain ip other ${slot.name}`,
    `nft add rule ip other ${slot.name} iifname ${slot.name} ip saddr != ${slot.guest} drop`,
    `nft add rule ip other ${slot.name} ip daddr 10.0.0.0/8 drop`,
  ].join("\n");
  return {
    what: "3 ip, 4 nft",
    run: async () => {
      const ms = await timed(() => run(made));
      await run(`ip link del ${slot.name}\nnft delete table ip other`);
      return ms;
    },
  };
}
