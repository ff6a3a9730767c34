import type { VmDependencies } from "./dependencies.ts";
import { settle, type VmEvent } from "./state.ts";
import type { VmBoot, VmRecord } from "./vm-record.ts";
import type { VmChange } from "./vm-rows.ts";

/** The row of a vm as its supervisor holds it: written before anything is told, and what was told is what is in memory. */
export class HeldRow {
  readonly #dependencies: Pick<VmDependencies, "rows" | "peers" | "onTrouble">;
  #record: VmRecord;
  #isSaved = true;
  #moved = Promise.withResolvers<void>();

  constructor(record: VmRecord, dependencies: Pick<VmDependencies, "rows" | "peers" | "onTrouble">) {
    this.#record = record;
    this.#dependencies = dependencies;
    dependencies.peers.put(record);
  }

  get record(): VmRecord {
    return this.#record;
  }

  /** Resolves at the next change of the record, and when the vm is gone. */
  get moved(): Promise<void> {
    return this.#moved.promise;
  }

  /** Wakes who waits for a change. */
  tellMoved(): void {
    this.#moved.resolve();
    this.#moved = Promise.withResolvers();
  }

  write(change: VmChange): void {
    try {
      this.#record = this.#dependencies.rows.update(this.#record.id, change);
      this.#dependencies.peers.put(this.#record);
      this.tellMoved();
    } catch (error) {
      // It may be written all the same.
      this.#isSaved = false;
      this.#dependencies.onTrouble();
      throw error;
    }
  }

  /** Moves on by the table. What cannot happen in this state is a bug of the caller's. */
  settle(event: VmEvent, change: { readonly problem?: string | null; readonly boot?: VmBoot | null } = {}): void {
    const state = settle(this.#record.state, event);
    if (state === undefined) throw new Error(`vm ${this.#record.name}: ${event} cannot happen in state ${this.#record.state}`);
    this.write({ state, ...(event === "booted" ? { problem: null } : {}), ...change });
  }

  /** Writes the row once more when it could not be written. */
  save(): void {
    if (this.#isSaved) return;
    this.#dependencies.rows.put(this.#record);
    this.#isSaved = true;
  }

  /** What is told of a start when its VMM is gone. */
  bootWithoutVmm(): VmBoot | null {
    return this.#record.boot === null ? null : { ...this.#record.boot, vmm: null };
  }
}
