/**
 * The ground that a helper of root's keeps for this user. All that lasts is the helper's: a note says that there is something, and what
 * there is is asked. When the helper dies all runs on; each new connection says anew which slots are whose.
 */
import { z } from "zod";
import type { TapEnd } from "../contract/link.ts";
import { namespacePaths } from "./namespace.ts";
import type { NetworkUsage, System } from "../system/system.ts";
import type { Ground, Grounds, SlotChange } from "./ground.ts";
import { connectHelper, helperFailed, toHelperHost, type HelperClient, type HelperRequest } from "./nethelper-client.ts";
import type { HostState } from "./read-host.ts";
import { NO_GRANTS, type Grants, type GrantedSlot } from "./rules.ts";
import type { Slot } from "./slots.ts";

/** Of the VMM: what the daemon hands over itself begins at 3. */
const TAP_DESCRIPTOR = 9;
const AGAIN_MS = 1_000;
const NOTE = JSON.stringify({ by: "helper" });
const NOTE_MAX_BYTES = 2 ** 12;

const done = z.strictObject({});
const uplinkState = z.strictObject({ problem: z.string().nullable() });
const bytes = z.number().int().min(0);
const trafficOf = z.strictObject({ receivedBytes: bytes, sentBytes: bytes });

export interface HelperParts {
  readonly system: System;
  readonly uid: number;
  /** The helper's program, which asks for TAPs as this user. */
  readonly placeProgram: () => Promise<string>;
}

export function makeHelperGrounds(parts: HelperParts): Grounds {
  const { system, uid } = parts;
  const { files, layout, log } = system;
  const notePath = namespacePaths(system).note;
  const hasNote = async (): Promise<boolean> =>
    (await files.find(notePath)) !== undefined && (await files.readText(notePath, NOTE_MAX_BYTES)) === NOTE;
  return {
    open: async (_wanted, signal) => {
      const client = await connectHelper(system, uid, signal);
      await files.makeFolder(layout.network);
      // Before anything is made there: whoever comes after us knows whom to ask.
      await files.write(notePath, NOTE);
      return new HelperGround(parts, client);
    },
    find: async (claims) => {
      if (!(await hasNote())) return undefined;
      try {
        const client = await connectHelper(system, uid);
        return { ground: new HelperGround(parts, client), kept: claims.filter(({ slot }) => client.slots.includes(slot.number)) };
      } catch (error) {
        // What it has made runs on without it.
        log.warn("the vms' network runs on without its helper", { error });
        return { ground: new HelperGround(parts, undefined), kept: claims };
      }
    },
    end: async () => {
      if (!(await hasNote())) return;
      try {
        await using client = await connectHelper(system, uid);
        await client.ask({ close: {} }, done);
      } catch (error) {
        // The helper ends by itself what nobody uses when it is told to end.
        log.warn("the vms' network is left to its helper", { error });
      }
      await files.removeTree(layout.network);
    },
  };
}

class HelperGround implements Ground {
  readonly mode = "rooted";
  readonly by = "helper";
  readonly #parts: HelperParts;
  /** What there is to be, for a helper that knows nothing. */
  readonly #slots = new Map<number, GrantedSlot>();
  #client: HelperClient | undefined;
  #host: HostState | undefined;
  #problem: string | undefined;

  constructor(parts: HelperParts, client: HelperClient | undefined) {
    this.#parts = parts;
    this.#client = client;
  }

  get problem(): string | undefined {
    return this.#problem;
  }

  async begin(host: HostState, kept: readonly GrantedSlot[]): Promise<void> {
    for (const { slot, grants } of kept) this.#slots.set(slot.number, { slot, grants });
    this.#host = host;
    if (this.#client === undefined) this.#problem = "the network helper of root's does not run; what it has made does";
    else await this.#open(this.#client, host);
  }

  async setHost(host: HostState): Promise<void> {
    this.#host = host;
    // Without a helper nobody can be told; the next one is told all.
    if (this.#client === undefined) return;
    const { problem } = await this.#ask({ host: toHelperHost(host) }, uplinkState);
    this.#problem = problem ?? undefined;
  }

  async changeSlots({ made, retired }: SlotChange): Promise<void> {
    const numbers = (slots: readonly Slot[]): readonly number[] => slots.map(({ number }) => number);
    // It may be half done when it fails: whoever opens next is not told of these.
    for (const { slot } of retired) this.#slots.delete(slot.number);
    await this.#ask({ slots: { make: numbers(made), retire: numbers(retired.map(({ slot }) => slot)) } }, done);
    for (const slot of made) this.#slots.set(slot.number, { slot, grants: NO_GRANTS });
  }

  async setGrants(slot: Slot, _before: Grants, after: Grants): Promise<void> {
    await this.#ask({ grants: { slot: slot.number, grants: after } }, done);
    this.#slots.set(slot.number, { slot, grants: after });
  }

  async traffic({ number }: Slot): Promise<NetworkUsage | undefined> {
    return this.#client === undefined ? undefined : await this.#ask({ traffic: { slot: number } }, trafficOf);
  }

  /** The program is placed each time: a prune may have taken it. */
  async linkEnd({ number, name, mac }: Slot): Promise<TapEnd> {
    const enter = [await this.#parts.placeProgram(), "tap", String(number), String(TAP_DESCRIPTOR), "--"];
    return { kind: "tap", name, mac, enter, descriptor: TAP_DESCRIPTOR };
  }

  /** What it has made outlives it. */
  async restore(): Promise<boolean> {
    return true;
  }

  /** A helper that is gone may come again: vms wait for nothing of it meanwhile. What is lost is what it then does not have. */
  async watchLost(signal: AbortSignal): Promise<void> {
    const { system, uid } = this.#parts;
    const over = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    for (;;) {
      if (this.#client !== undefined) {
        await Promise.race([this.#client.ended, over]);
        signal.throwIfAborted();
        this.#client = undefined;
        system.log.warn("the network helper of root's is gone; vms run on");
      }
      this.#problem = "the network helper of root's does not run; what it has made does";
      await system.clock.sleep(AGAIN_MS, signal);
      const client = await connectHelper(system, uid, signal).catch(() => undefined);
      signal.throwIfAborted();
      if (client === undefined) continue;
      const isThere = [...this.#slots.keys()].every((number) => client.slots.includes(number));
      try {
        if (!isThere) return await client[Symbol.asyncDispose]();
        if (this.#host !== undefined) await this.#open(client, this.#host);
        this.#client = client;
        system.log.info("another network helper of root's has taken over");
      } catch (error) {
        await client[Symbol.asyncDispose]();
        system.log.warn("the network helper of root's does not take over yet", { error });
      }
    }
  }

  async letGo(): Promise<void> {
    await this.#client?.[Symbol.asyncDispose]();
    this.#client = undefined;
  }

  async #open(client: HelperClient, host: HostState): Promise<void> {
    const slots = [...this.#slots.values()].map(({ slot, grants }) => ({ slot: slot.number, grants }));
    await client.ask({ open: { host: toHelperHost(host), slots } }, done);
    this.#problem = undefined;
  }

  async #ask<T>(request: HelperRequest, answer: z.ZodType<T>): Promise<T> {
    if (this.#client === undefined) throw helperFailed("it does not run, and the vms' network cannot be changed");
    return await this.#client.ask(request, answer);
  }
}
