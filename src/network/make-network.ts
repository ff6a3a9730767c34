/** The room's factory. */
import { BangerError } from "../contract/errors.ts";
import type { System } from "../system/system.ts";
import type { ModeDecision, WantedMode } from "./decide-mode.ts";
import { makeFindMode } from "./find-mode.ts";
import { macOf, slotAddress, userAddress } from "./guest-address.ts";
import { normalGrants } from "./link-grants.ts";
import { findServants } from "./namespace.ts";
import type { Link, LinkWish, Network, UnsafeNetwork } from "./network.ts";
import { makeGrounds } from "./make-grounds.ts";
import { networkProbes } from "./network-probes.ts";
import { readHost } from "./read-host.ts";
import { SharedNetwork } from "./shared-network.ts";

export interface NetworkDependencies {
  readonly system: System;
  /** What the config says. */
  readonly mode: WantedMode;
  readonly uid: number;
  /** The network helper's program as a file, for VMMs that get their TAP from it. */
  readonly placeHelper: () => Promise<string>;
}

const EXPOSES =
  "the guest reaches all that this computer reaches: what listens on its loopback (127.0.0.1, at 10.0.2.2), the local network, and 169.254.169.254";
const NO_DNS =
  "no DNS server is known that pasta could ask: /etc/resolv.conf names none by an IPv4 address. Names will not resolve in the vm until one is named there; addresses work";

export function makeNetwork({ system, mode, uid, placeHelper }: NetworkDependencies): Network {
  const findMode = makeFindMode(system, mode, uid);
  const shared = new SharedNetwork(system, makeGrounds({ system, uid, placeProgram: placeHelper }));
  const openShared = async (
    vmId: string,
    decision: Extract<ModeDecision, { readonly mode: "rootless" | "rooted" }>,
    wish: LinkWish,
    signal: AbortSignal,
  ): Promise<Link> => {
    const { slot, mode: made, by, end, host } = await shared.claim(vmId, decision, normalGrants(wish.grants), signal);
    return {
      mode: made,
      why: made === decision.mode && by === decision.by ? decision.why : "vms that run have it already",
      end,
      guest: slotAddress(slot, host.search, wish.grants),
      notice: host.server === undefined && wish.grants.outward ? NO_DNS : undefined,
      [Symbol.asyncDispose]: () => shared.release(vmId),
    };
  };
  return {
    probes: () => networkProbes(findMode),
    findUnsafe: async (isNamed, signal) => {
      const decision = await findMode(signal);
      return decision.mode === "user" ? unsafeOf(decision, isNamed) : undefined;
    },
    openLink: async (vmId, wish, signal) => {
      signal.throwIfAborted();
      if (!wish.wanted) return none();
      const decision = await findMode(signal);
      if (decision.mode !== "user") return openShared(vmId, decision, wish, signal);
      const isNamed = wish.grants.network !== null;
      if (!wish.unsafe || isNamed) {
        const { message, hint } = unsafeOf(decision, isNamed);
        throw new BangerError("refused", "network_unsafe", message, { hint });
      }
      return {
        mode: "user",
        why: decision.why,
        end: { kind: "user", mac: macOf(vmId) },
        guest: userAddress(vmId, (await readHost(system)).search),
        notice: `${decision.why}, so that QEMU's own network is used, and ${EXPOSES}. To close that: ${decision.hint}`,
        [Symbol.asyncDispose]: async () => undefined,
      };
    },
    setGrants: (vmId, grants) => shared.setGrants(vmId, normalGrants(grants)),
    removeLink: (vmId) => shared.release(vmId),
    get problem() {
      return shared.problem;
    },
    traffic: async (vmId) => {
      const card = await shared.traffic(vmId);
      // What the TAP receives, the guest has sent.
      return card === undefined ? undefined : { receivedBytes: card.sentBytes, sentBytes: card.receivedBytes };
    },
    listClaims: () => shared.vmIds,
    findServants: () => {
      const { keepers, uplinks } = findServants(system);
      return [...keepers, ...uplinks];
    },
    reconcile: () => shared.reconcile(),
    [Symbol.asyncDispose]: () => shared[Symbol.asyncDispose](),
  };
}

function unsafeOf({ why, hint }: Extract<ModeDecision, { readonly mode: "user" }>, isNamed: boolean): UnsafeNetwork {
  const message = `no network can be had that keeps a guest from this computer and its neighbours: ${why}`;
  if (isNamed) return { message: `${message}. Vms have no network in common without it`, hint };
  return {
    message: `${message}. With --unsafe-net QEMU's own is taken instead: ${EXPOSES}`,
    hint: `${hint}; or --unsafe-net, for a guest that you trust with that`,
  };
}

function none(): Link {
  return {
    mode: "none",
    why: "it was not asked for",
    end: { kind: "none" },
    guest: undefined,
    notice: undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
}
