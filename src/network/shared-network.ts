/**
 * The one namespace that all vms of this home have in common, from the first vm that wants a way out to the stop of a daemon that
 * leaves none: made, taken over from an earlier daemon, kept whole while programs die, and ended.
 */
import type { TapEnd } from "../contract/link.ts";
import { makeInTurn } from "../operations/operations.ts";
import type { NetworkUsage, System } from "../system/system.ts";
import { makeClaims, type Claim, type Claims } from "./claims.ts";
import type { Ground, Grounds, WantedGround } from "./ground.ts";
import type { NamespaceMode } from "./namespace-arguments.ts";
import { readHost, type HostState } from "./read-host.ts";
import type { Grants } from "./rules.ts";
import { SlotPool } from "./slot-pool.ts";
import type { Slot } from "./slots.ts";

/** How often it is looked whether the host has moved to another network. */
const HOST_LOOK_MS = 5_000;

/** A ground in use, with all that belongs to it. */
interface Open {
  readonly ground: Ground;
  host: HostState;
  readonly pool: SlotPool;
  /** Ends the watching. */
  readonly over: AbortController;
  readonly watches: Promise<void>[];
}

export class SharedNetwork implements AsyncDisposable {
  readonly #system: System;
  readonly #grounds: Grounds;
  readonly #claims: Claims;
  readonly #inTurn = makeInTurn();
  #open: Open | undefined;
  #isReconciled = false;

  constructor(system: System, grounds: Grounds) {
    this.#system = system;
    this.#grounds = grounds;
    this.#claims = makeClaims(system);
  }

  get problem(): string | undefined {
    return this.#open?.ground.problem;
  }

  get vmIds(): readonly string[] {
    return this.#open?.pool.vmIds ?? [];
  }

  /** What has gone over a vm's TAP, as the namespace sees it; undefined when it has none. */
  async traffic(vmId: string): Promise<NetworkUsage | undefined> {
    const open = this.#open;
    const claim = open?.pool.find(vmId);
    return claim === undefined ? undefined : await open?.ground.traffic(claim.slot);
  }

  /** Takes over what there is when a vm has a claim in it, and ends it otherwise. Once. */
  reconcile(): Promise<void> {
    return this.#inTurn(() => this.#reconcile());
  }

  /** A slot of the vm's own, its mode, and what the VMM is given. */
  async claim(
    vmId: string,
    wanted: WantedGround,
    grants: Grants,
    signal: AbortSignal,
  ): Promise<{
    readonly slot: Slot;
    readonly mode: NamespaceMode;
    readonly by: WantedGround["by"];
    readonly end: TapEnd;
    readonly host: HostState;
  }> {
    const { pool, ground, host } = await this.#inTurn(() => this.#ensure(wanted, signal));
    await pool.release(vmId);
    const slot = await pool.claim(vmId, grants);
    try {
      return { slot, mode: ground.mode, by: ground.by, end: await ground.linkEnd(slot), host };
    } catch (error) {
      await pool.release(vmId);
      throw error;
    }
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
      if (open.pool.vmIds.length === 0) await this.#grounds.end();
    });
  }

  async #reconcile(): Promise<void> {
    if (this.#isReconciled) return;
    const claims = await this.#claims.readAll();
    const found = claims.length === 0 ? undefined : await this.#grounds.find(claims);
    if (found === undefined) await this.#grounds.end();
    else await this.#use(found.ground, found.kept, new AbortController().signal);
    this.#isReconciled = true;
  }

  async #ensure(wanted: WantedGround, signal: AbortSignal): Promise<Open> {
    await this.#reconcile();
    if (this.#open !== undefined) {
      if (await this.#open.ground.restore()) return this.#open;
      await this.#abandon(this.#open);
    }
    const ground = await this.#grounds.open(wanted, signal);
    try {
      return await this.#use(ground, [], signal);
    } catch (error) {
      await ground.letGo();
      await this.#grounds.end();
      throw error;
    }
  }

  async #use(ground: Ground, kept: readonly Claim[], signal: AbortSignal): Promise<Open> {
    const host = await readHost(this.#system);
    await ground.begin(host, kept, () => this.#open?.pool.vmIds ?? kept.map(({ vmId }) => vmId), signal);
    const pool = new SlotPool({ ground, claims: this.#claims, log: this.#system.log }, kept);
    const open: Open = { ground, host, pool, over: new AbortController(), watches: [] };
    this.#open = open;
    open.watches.push(...[this.#watchLost(open), this.#followHost(open)]);
    return open;
  }

  async #letGo(open: Open): Promise<void> {
    open.over.abort();
    await open.ground.letGo();
    await Promise.all(open.watches);
    await open.pool.settled();
  }

  async #watchLost(open: Open): Promise<void> {
    const { signal } = open.over;
    try {
      await open.ground.watchLost(signal);
    } catch (error) {
      if (signal.aborted) return;
      this.#system.log.error("cannot keep the vms' network", { error });
    }
    // Nobody waits for this watch any more: to wait for it would be to wait for ourselves.
    void this.#inTurn(() => this.#abandon(open));
  }

  /** What nothing holds any more is forgotten, and made anew for the next vm. */
  async #abandon(open: Open): Promise<void> {
    if (this.#open !== open) return;
    this.#open = undefined;
    await this.#letGo(open);
    await this.#grounds.end();
  }

  /** The host may get other addresses, neighbours and name servers at any time; vms run on. */
  async #followHost(open: Open): Promise<void> {
    const { clock, log } = this.#system;
    const { signal } = open.over;
    for (;;) {
      try {
        await clock.sleep(HOST_LOOK_MS, signal);
        const host = await readHost(this.#system);
        await open.ground.setHost(host);
        open.host = host;
      } catch (error) {
        if (signal.aborted) return;
        log.warn("cannot follow the host to its network", { error });
      }
    }
  }
}
