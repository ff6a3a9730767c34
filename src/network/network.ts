/**
 * Room `network`: how a vm reaches the outside. All vms with a way out have one network namespace in common, in which each has a TAP
 * of its own; rules in there let nothing pass but what may (`rules.ts`), and pasta carries that out by sockets of this user, so
 * that neither the host's firewall nor its cards are touched. The namespace lies in a user namespace (`rootless`) or, made by root
 * or by root's helper for this user, in none (`rooted`; `ground.ts` has who makes it). QEMU's own network (`user`) keeps a guest from nothing, and is had by asking for it alone. IPv4 only.
 *
 * Laws:
 * - No `nat` and no named network, no card. No port of the host leads into a guest. From guest to guest packets pass when both are in
 *   one named network, and then by the rules' leave, one by one: they share no Ethernet.
 * - The rules are there before a TAP is up, and change in whole transactions.
 * - Namespace, keeper and pasta outlive the daemon; vms that run keep their way out. What has ended is started again.
 * - A claim on a slot is written before its TAP is handed out. Slots that nobody claims are capacity: they end with the
 *   namespace, and that ends with a daemon that stops and leaves no vm with a way out.
 */
import type { Probe } from "../contract/probe.ts";
import type { GuestAddress, LinkEnd } from "../contract/link.ts";
import type { NetworkUsage, ProcessIdentity } from "../system/system.ts";
import type { Grants } from "./rules.ts";

export { NETWORK_MODES } from "./decide-mode.ts";
export type { Grants } from "./rules.ts";

export type LinkMode = "none" | "rootless" | "rooted" | "user";

export interface Link extends AsyncDisposable {
  readonly mode: LinkMode;
  /** Why it is this mode. */
  readonly why: string;
  readonly end: LinkEnd;
  readonly guest: GuestAddress | undefined;
  /** What the user should know: what a mode exposes. */
  readonly notice: string | undefined;
}

export interface LinkWish {
  readonly wanted: boolean;
  /** Whether a way out is wanted that keeps the guest from nothing, where there is no other. */
  readonly unsafe: boolean;
  readonly grants: Grants;
}

/** Why a vm cannot have a way out that isolates it. */
export interface UnsafeNetwork {
  /** What cannot be had and what the other way exposes. */
  readonly message: string;
  /** What to type. */
  readonly hint: string;
}

export interface Network extends AsyncDisposable {
  /** What `nat` needs of the computer. */
  probes(): readonly Probe[];
  /**
   * Undefined when a vm's link can keep it from the host and its neighbours.
   * @param isNamed whether it is to have a network in common with others, which no unsafe mode has.
   */
  findUnsafe(isNamed: boolean, signal: AbortSignal): Promise<UnsafeNetwork | undefined>;
  /** Makes the link of a vm. Throws `refused` `network_unsafe` for one that would isolate nothing, `unavailable` `link_failed`. */
  openLink(vmId: string, wish: LinkWish, signal: AbortSignal): Promise<Link>;
  /** Gives a vm's link other grants, at once; nothing happens when it has none. */
  setGrants(vmId: string, grants: Grants): Promise<void>;
  /** Gives back what a vm's link has. The VMM is to have ended. */
  removeLink(vmId: string): Promise<void>;
  /** What is wrong now with the way out of all vms, for people; undefined when nothing is. */
  readonly problem: string | undefined;
  /** What went over a vm's link, as its guest sees it; undefined where nothing counts it: it is QEMU's own, or none. */
  traffic(vmId: string): Promise<NetworkUsage | undefined>;
  /** Ids of vms that have a claim on a slot. */
  listClaims(): readonly string[];
  /** The processes that serve all links, found by looking. */
  findServants(): readonly ProcessIdentity[];
  /** Takes over what an earlier daemon has left; ends it when no vm has a claim. Again: nothing. */
  reconcile(): Promise<void>;
}
