/**
 * Where the cards of vms are: a network namespace with its rules and its way out, which outlives the daemon. What is done to it is said
 * in types alone, slots and grants, never in the words of the programs that do it: so it may be done by programs that this user runs
 * (`local-ground.ts`), or by the helper that root has started for this user (`nethelper-ground.ts`).
 *
 * Laws: each change is whole, or it throws and is made again by whoever wanted it; made or taken away twice is as once. The rules about
 * a slot are there before anything that comes by its TAP is let pass.
 */
import type { TapEnd } from "../contract/link.ts";
import type { NetworkUsage } from "../system/system.ts";
import type { Claim } from "./claims.ts";
import type { NamespaceMode } from "./namespace-arguments.ts";
import type { HostState } from "./read-host.ts";
import type { Grants, GrantedSlot } from "./rules.ts";
import type { Slot } from "./slots.ts";

/** Which ground, and who makes it. */
export interface WantedGround {
  readonly mode: NamespaceMode;
  readonly by: "us" | "helper";
}

export interface Ground extends WantedGround {
  /** What is wrong with the way out of all, for people; undefined when nothing is. */
  readonly problem: string | undefined;
  /**
   * Gives the namespace its whole table, these slots and no other TAP, and a way out. Throws `unavailable` `link_failed`.
   * @param vmIds those that may run in it at that moment: by them it is entered when nothing else holds it.
   */
  begin(host: HostState, kept: readonly GrantedSlot[], vmIds: () => readonly string[], signal: AbortSignal): Promise<void>;
  /** Whether it is there, once it has got back what it lost; false when it cannot be had back. */
  restore(): Promise<boolean>;
  /** The host is in these networks now, and asks this name server. */
  setHost(host: HostState): Promise<void>;
  changeSlots(change: SlotChange): Promise<void>;
  /** What is taken away is gone when it returns, with what used it. */
  setGrants(slot: Slot, before: Grants, after: Grants): Promise<void>;
  /** What has gone over a slot's TAP, as the namespace sees it; undefined when there is none. */
  traffic(slot: Slot): Promise<NetworkUsage | undefined>;
  /** What the VMM is given of a slot. */
  linkEnd(slot: Slot): Promise<TapEnd>;
  /** Restores it whenever something is lost; resolves when it cannot be had back. */
  watchLost(signal: AbortSignal): Promise<void>;
  /** Ends the watching; all runs on. */
  letGo(): Promise<void>;
}

export interface SlotChange {
  readonly made: readonly Slot[];
  /** With what they had. Those that are not there are no failure. */
  readonly retired: readonly GrantedSlot[];
}

/** A way to have a ground, or several. */
export interface Grounds {
  /** A new one, or one that nobody has a claim in; it is nothing before `begin`. */
  open(wanted: WantedGround, signal: AbortSignal): Promise<Ground>;
  /** That of an earlier daemon, with those of its claims that still have a TAP; undefined when it is gone. */
  find(claims: readonly Claim[]): Promise<{ readonly ground: Ground; readonly kept: readonly Claim[] } | undefined>;
  /** Ends what there is. Again: nothing. */
  end(): Promise<void>;
}
