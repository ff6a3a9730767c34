/**
 * The slots of a namespace: made ahead, claimed at once, and taken down when their vm has ended, all but the claim off the path of
 * who waits. A number comes again only when all others have been used: nothing that the kernel remembers of one vm's connections
 * meets another vm.
 */
import { BangerError } from "../contract/errors.ts";
import { makeInTurn } from "../operations/operations.ts";
import type { Log } from "../system/system.ts";
import type { Claim, Claims } from "./claims.ts";
import type { Ground } from "./ground.ts";
import { NO_GRANTS, type Grants } from "./rules.ts";
import { SLOTS, slotOf, type Slot } from "./slots.ts";

/** For a few vms that start one after the other; a TAP takes some KiB of the kernel. */
const READY = 4;

export interface SlotTools {
  readonly ground: Pick<Ground, "changeSlots" | "setGrants">;
  readonly claims: Claims;
  readonly log: Log;
}

export class SlotPool {
  readonly #tools: SlotTools;
  readonly #claims: Map<string, Claim>;
  #ready: Slot[] = [];
  #retired: Claim[] = [];
  #next: number;
  #tidying: Promise<void> | undefined;
  /** A vm may end while it is granted something: what it has then been granted goes with it. */
  readonly #inTurn = makeInTurn();

  /** @param kept claims whose TAPs and rules are there. */
  constructor(tools: SlotTools, kept: readonly Claim[]) {
    this.#tools = tools;
    this.#claims = new Map(kept.map((claim) => [claim.vmId, claim]));
    this.#next = (Math.max(-1, ...kept.map(({ slot }) => slot.number)) + 1) % SLOTS;
  }

  get vmIds(): readonly string[] {
    return [...this.#claims.keys()];
  }

  find(vmId: string): Claim | undefined {
    return this.#claims.get(vmId);
  }

  /** A slot for a vm, which has none; its TAP is up. */
  async claim(vmId: string, grants: Grants): Promise<Slot> {
    // Others may take what was made meanwhile.
    let slot = this.#ready.shift();
    for (; slot === undefined; slot = this.#ready.shift()) await this.#tidy(1);
    const claim = { slot, vmId, grants };
    this.#claims.set(vmId, claim);
    try {
      await this.#tools.claims.write(claim);
      if (JSON.stringify(grants) !== JSON.stringify(NO_GRANTS)) await this.#tools.ground.setGrants(slot, NO_GRANTS, grants);
    } catch (error) {
      await this.release(vmId);
      throw error;
    }
    this.tidySoon();
    return slot;
  }

  setGrants(vmId: string, grants: Grants): Promise<void> {
    return this.#inTurn(() => this.#setGrants(vmId, grants));
  }

  /** The VMM has ended. */
  release(vmId: string): Promise<void> {
    return this.#inTurn(() => this.#release(vmId));
  }

  async #setGrants(vmId: string, grants: Grants): Promise<void> {
    const claim = this.#claims.get(vmId);
    if (claim === undefined || JSON.stringify(claim.grants) === JSON.stringify(grants)) return;
    const changed = { ...claim, grants };
    // What is taken away is gone for sure when that is told; what is given may come a moment later.
    await this.#tools.ground.setGrants(claim.slot, claim.grants, grants);
    this.#claims.set(vmId, changed);
    await this.#tools.claims.write(changed);
  }

  async #release(vmId: string): Promise<void> {
    const claim = this.#claims.get(vmId);
    if (claim === undefined) return;
    this.#claims.delete(vmId);
    this.#retired.push(claim);
    await this.#tools.claims.drop(claim.slot);
    this.tidySoon();
  }

  /** Nobody waits for it. */
  tidySoon(): void {
    if (this.#ready.length >= READY / 2 && this.#retired.length === 0) return;
    this.#tidy(READY).catch((error: unknown) => this.#tools.log.warn("cannot tidy the slots of the network", { error }));
  }

  /** Until nothing is under way. */
  async settled(): Promise<void> {
    while (this.#tidying !== undefined) await this.#tidying.catch(() => undefined);
  }

  /** Takes down what was retired and makes slots, `least` at least; one at a time. */
  async #tidy(least: number): Promise<void> {
    while (this.#tidying !== undefined) {
      await this.#tidying.catch(() => undefined);
      if (this.#ready.length >= least && this.#retired.length === 0) return;
    }
    const work = this.#change();
    this.#tidying = work;
    try {
      await work;
    } finally {
      this.#tidying = undefined;
    }
  }

  async #change(): Promise<void> {
    const retired = this.#retired;
    this.#retired = [];
    const made = this.#pick(READY - this.#ready.length);
    try {
      await this.#tools.ground.changeSlots({ made, retired });
    } catch (error) {
      // What is there of them is taken down the next time.
      this.#retired.push(...retired, ...made.map((slot) => ({ slot, vmId: "", grants: NO_GRANTS })));
      throw error;
    }
    this.#ready.push(...made);
  }

  #pick(count: number): readonly Slot[] {
    const used = new Set([
      ...[...this.#claims.values(), ...this.#retired].map(({ slot }) => slot.number),
      ...this.#ready.map(({ number }) => number),
    ]);
    const picked: Slot[] = [];
    for (let tried = 0; picked.length < count && tried < SLOTS; tried += 1) {
      if (!used.has(this.#next)) picked.push(slotOf(this.#next));
      this.#next = (this.#next + 1) % SLOTS;
    }
    if (picked.length === 0 && this.#ready.length === 0)
      throw new BangerError("unavailable", "link_failed", `all ${SLOTS} places in the network of vms are taken`, { hint: "banger ps" });
    return picked;
  }
}
