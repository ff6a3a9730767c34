/**
 * The one namespace that all vms of this home have in common, from the first vm that wants a way out to the stop of a daemon that
 * leaves none: made, taken over from an earlier daemon, kept whole while programs die, and ended.
 */
import { z } from "zod";
import { makeInTurn } from "../operations/operations.ts";
import type { ProcessIdentity, System } from "../system/system.ts";
import { addCards, removeCards } from "./card-batches.ts";
import { makeClaims, type Claim, type Claims } from "./claims.ts";
import { readHost, type HostState } from "./read-host.ts";
import type { NamespaceMode } from "./namespace-arguments.ts";
import { endAll, enterForVmm, findServants, keepOn, namespacePaths, openNamespace, runInside, type Namespace } from "./namespace.ts";
import { hostText, tableText, type Grants } from "./rules.ts";
import { SlotPool } from "./slot-pool.ts";
import { findSlot, type Slot } from "./slots.ts";
import { Uplink } from "./uplink.ts";

/** How often it is looked whether the host has moved to another network. */
const HOST_LOOK_MS = 5_000;

const note = z.strictObject({ mode: z.enum(["rootless", "rooted"]), name: z.string(), server: z.string().nullable() });
const NOTE_MAX_BYTES = 2 ** 12;

/** A namespace in use, with all that belongs to it. */
interface Open {
  namespace: Namespace;
  host: HostState;
  readonly pool: SlotPool;
  readonly uplink: Uplink;
  /** Ends the watching. */
  readonly over: AbortController;
  readonly watches: Promise<void>[];
}

export class SharedNetwork implements AsyncDisposable {
  readonly #system: System;
  readonly #claims: Claims;
  readonly #inTurn = makeInTurn();
  #open: Open | undefined;
  #isReconciled = false;

  constructor(system: System) {
    this.#system = system;
    this.#claims = makeClaims(system);
  }

  get problem(): string | undefined {
    return this.#open?.uplink.problem;
  }

  get vmIds(): readonly string[] {
    return this.#open?.pool.vmIds ?? [];
  }

  find(vmId: string): Claim | undefined {
    return this.#open?.pool.find(vmId);
  }

  /** Takes over what there is when a vm has a claim in it, and ends it otherwise. Once. */
  reconcile(): Promise<void> {
    return this.#inTurn(() => this.#reconcile());
  }

  /** A slot of the vm's own, its mode, and what goes before the VMM. */
  async claim(
    vmId: string,
    mode: NamespaceMode,
    grants: Grants,
    signal: AbortSignal,
  ): Promise<{ readonly slot: Slot; readonly mode: NamespaceMode; readonly enter: readonly string[]; readonly host: HostState }> {
    const { pool, namespace, host } = await this.#inTurn(() => this.#ensure(mode, signal));
    await pool.release(vmId);
    const slot = await pool.claim(vmId, grants);
    return { slot, mode: namespace.mode, enter: enterForVmm(namespace), host };
  }

  async setGrants(vmId: string, grants: Grants): Promise<void> {
    await this.#open?.pool.setGrants(vmId, grants);
  }

  async release(vmId: string): Promise<void> {
    if (!this.#isReconciled) await this.reconcile();
    await this.#open?.pool.release(vmId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inTurn(async () => {
      const open = this.#open;
      if (open === undefined) return;
      this.#open = undefined;
      await this.#letGo(open);
      if (open.pool.vmIds.length === 0) await this.#endEverything();
    });
  }

  async #reconcile(): Promise<void> {
    if (this.#isReconciled) return;
    const claims = await this.#claims.readAll();
    const found = claims.length === 0 ? undefined : await this.#findLeft(claims);
    if (found === undefined) await this.#endEverything();
    else await this.#takeOver(found, claims);
    this.#isReconciled = true;
  }

  /** The namespace of an earlier daemon; undefined when it is gone, or nothing runs in it by which it could be entered. */
  async #findLeft(claims: readonly Claim[]): Promise<{ readonly namespace: Namespace; readonly server: string | null } | undefined> {
    const { files, processes } = this.#system;
    const path = namespacePaths(this.#system).note;
    if ((await files.find(path)) === undefined) return undefined;
    const read = note.safeParse(parseJson(await files.readText(path, NOTE_MAX_BYTES)));
    if (!read.success) return undefined;
    const { mode, name, server } = read.data;
    const keeper = findServants(this.#system).keepers.find((identity) => processes.networkNamespace(identity) === name);
    if (keeper !== undefined) return { namespace: { mode, name, keeper }, server };
    const inside = this.#findInside(
      name,
      claims.map(({ vmId }) => vmId),
    );
    if (inside === undefined) return undefined;
    return { namespace: await keepOn(this.#system, mode, inside, new AbortController().signal), server };
  }

  async #takeOver(
    { namespace, server }: { readonly namespace: Namespace; readonly server: string | null },
    claims: readonly Claim[],
  ): Promise<void> {
    const { processes } = this.#system;
    const cards = (await processes.networkCards(namespace.keeper)) ?? new Map<string, unknown>();
    const kept = claims.filter(({ slot }) => cards.has(slot.name));
    const host = await readHost(this.#system);
    const open = this.#makeOpen(namespace, { ...host, server: server ?? undefined }, kept);
    const { keepers, uplinks } = findServants(this.#system);
    await endAll(
      this.#system,
      keepers.filter(({ pid }) => pid !== namespace.keeper.pid),
    );
    // What an older daemon wrote may not be what holds now.
    await this.#rules(open)(
      tableText(
        host.networks,
        kept.map(({ slot, grants }) => ({ ...slot, grants })),
      ),
    );
    const isKept = new Set(kept.map(({ slot }) => slot.name));
    await this.#removeCards(open)([...cards.keys()].flatMap((name) => (isKept.has(name) ? [] : (findSlot(name) ?? []))));
    const [uplink] = uplinks.length === 1 ? uplinks : [];
    if (uplink === undefined) await endAll(this.#system, uplinks);
    this.#open = open;
    open.uplink.adopt(uplink);
    this.#watch(open);
  }

  async #ensure(mode: NamespaceMode, signal: AbortSignal): Promise<Open> {
    await this.#reconcile();
    if (this.#open !== undefined) return this.#open;
    const host = await readHost(this.#system);
    const namespace = await openNamespace(this.#system, mode, signal);
    const open = this.#makeOpen(namespace, host, []);
    try {
      await this.#writeNote(open);
      await this.#rules(open)(tableText(host.networks, []));
      await open.uplink.open(signal);
    } catch (error) {
      await this.#letGo(open);
      await this.#endEverything();
      throw error;
    }
    this.#open = open;
    this.#watch(open);
    return open;
  }

  #makeOpen(namespace: Namespace, host: HostState, kept: readonly Claim[]): Open {
    const uplink = new Uplink(this.#system, () => open.namespace);
    const tools = {
      rules: (text: string) => this.#rules(open)(text),
      addCards: (slots: readonly Slot[]) => this.#addCards(open)(slots),
      removeCards: (slots: readonly Slot[]) => this.#removeCards(open)(slots),
      claims: this.#claims,
      log: this.#system.log,
    };
    const open: Open = { namespace, host, uplink, pool: new SlotPool(tools, kept), over: new AbortController(), watches: [] };
    return open;
  }

  #rules(open: Open): (text: string) => Promise<void> {
    return async (text) => {
      if (text !== "") await runInside(this.#system, open.namespace, ["nft", "-f", "-"], text);
    };
  }

  #addCards(open: Open): (slots: readonly Slot[]) => Promise<void> {
    return async (slots) => {
      if (slots.length > 0) await runInside(this.#system, open.namespace, ["ip", "-batch", "-"], addCards(slots));
    };
  }

  #removeCards(open: Open): (slots: readonly Slot[]) => Promise<void> {
    return async (slots) => {
      const cards = await this.#system.processes.networkCards(open.namespace.keeper);
      const there = slots.filter(({ name }) => cards?.has(name) === true);
      if (there.length > 0) await runInside(this.#system, open.namespace, ["ip", "-batch", "-"], removeCards(there));
    };
  }

  async #writeNote({ namespace: { mode, name }, host }: Open): Promise<void> {
    const text = JSON.stringify({ mode, name, server: host.server ?? null } satisfies z.input<typeof note>);
    await this.#system.files.write(namespacePaths(this.#system).note, text);
  }

  #watch(open: Open): void {
    open.watches.push(...[this.#keepKept(open), this.#followHost(open)]);
  }

  async #letGo(open: Open): Promise<void> {
    open.over.abort();
    await open.uplink.letGo();
    await Promise.all(open.watches);
    await open.pool.settled();
  }

  /** A keeper that was killed gets a follower, as long as a VMM holds the namespace. */
  async #keepKept(open: Open): Promise<void> {
    const { processes, log } = this.#system;
    const { signal } = open.over;
    try {
      for (;;) {
        await processes.watchEnd(open.namespace.keeper, signal);
        log.warn("the keeper of the vms' network is gone");
        const inside = this.#findInside(open.namespace.name, open.pool.vmIds);
        if (inside === undefined) break;
        open.namespace = await keepOn(this.#system, open.namespace.mode, inside, signal);
      }
    } catch (error) {
      if (signal.aborted) return;
      log.error("cannot keep the vms' network", { error });
    }
    // Nobody waits for this watch any more: to wait for it would be to wait for ourselves.
    void this.#inTurn(() => this.#abandon(open));
  }

  /** What nothing holds any more is forgotten, and made anew for the next vm. */
  async #abandon(open: Open): Promise<void> {
    if (this.#open !== open) return;
    this.#open = undefined;
    await this.#letGo(open);
    await this.#endEverything();
  }

  #findInside(name: string, vmIds: readonly string[]): ProcessIdentity | undefined {
    const { processes } = this.#system;
    const all = vmIds.flatMap((vmId) => processes.findByArgument(`banger-${vmId}`));
    return all.find((identity) => processes.networkNamespace(identity) === name);
  }

  /** The host may get other addresses, neighbours and name servers at any time; vms run on. */
  async #followHost(open: Open): Promise<void> {
    const { clock, log } = this.#system;
    const { signal } = open.over;
    for (;;) {
      try {
        await clock.sleep(HOST_LOOK_MS, signal);
        const host = await readHost(this.#system);
        if (JSON.stringify(host.networks) !== JSON.stringify(open.host.networks)) await this.#rules(open)(hostText(host.networks));
        const isOtherServer = host.server !== open.host.server;
        open.host = host;
        if (!isOtherServer) continue;
        log.info("the host has another name server: pasta is started anew");
        await this.#writeNote(open);
        open.uplink.renew();
      } catch (error) {
        if (signal.aborted) return;
        log.warn("cannot follow the host to its network", { error });
      }
    }
  }

  async #endEverything(): Promise<void> {
    const { keepers, uplinks } = findServants(this.#system);
    await endAll(this.#system, [...uplinks, ...keepers]);
    await this.#system.files.removeFile(this.#system.layout.pastaLog);
    await this.#system.files.removeTree(this.#system.layout.network);
  }
}

/** Undefined when it is none. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
