/**
 * Room `ports`: ports of guests, reached at addresses of this computer while their VMM is held.
 *
 * No packet is routed. The daemon listens, and each connection is a stream through the guest's agent to a port of the guest's
 * loopback: so it works with every init, in every mode of network and without one, there is no rule to be left behind, and what
 * the daemon held ends with it.
 *
 * Laws:
 * - What is wanted stands in the vm's plan; this room knows what is open now. Nothing here is stored.
 * - A port that cannot be had is no reason not to run: it is asked for again until it is free, and told as a problem meanwhile.
 * - The other way, from the guest to an address of the host, leads where the plan says and nowhere else: the guest names no address.
 * - Who connects while the guest cannot take it finds the connection reset, as where nothing listens.
 * - Whatever comes from outside or from the guest is bounded: connections, flows of datagrams, what waits in memory.
 */
import type { Duplex } from "node:stream";
import type { Forward } from "../contract/schemas/forward.ts";

/** The guest at the other end. */
export interface PortsGuest {
  /** It may change. */
  readonly vmName: () => string;
  /** A connection to a port of the guest's loopback. */
  dial(port: number, signal: AbortSignal): Promise<Duplex>;
  /** Datagrams to and from a port of the guest's loopback, as `datagram-frames.ts` writes them. */
  dialDatagrams(port: number, signal: AbortSignal): Promise<Duplex>;
  /** Listens on a port of the guest's loopback until the signal, or the guest ends it. Each that connects is a function that takes it. */
  accept(port: number, signal: AbortSignal): Promise<AsyncIterable<() => Promise<Duplex>>>;
}

/** A forward that cannot be listened for now, at this computer. */
export interface TakenForward {
  readonly forward: Forward;
  /** Why, without the place: `vm web listens there`. */
  readonly why: string;
  /** What to do. */
  readonly hint: string;
}

export interface TriedForwards {
  /** As they were wanted, in their order; those that asked for any port have one that was free. */
  readonly forwards: readonly Forward[];
  readonly taken: readonly TakenForward[];
}

export interface Ports {
  /** Listens for a moment for all of these, or for those that ask for any port, and says what came of it. */
  try(wanted: readonly Forward[], which: "all" | "any-port"): Promise<TriedForwards>;
  /** Begins to listen. */
  open(guest: PortsGuest, wanted: readonly Forward[]): VmPorts;
}

/** Of one guest that runs. Disposal ends every connection. */
export interface VmPorts extends AsyncDisposable {
  /** Resolves when those that it was opened with were tried once. */
  readonly tried: Promise<void>;
  /** Listens for these and no others; what stays is not touched. Resolves when each was tried once. */
  set(wanted: readonly Forward[]): Promise<void>;
  /** Of those that are wanted and cannot be had now, each with what to do. */
  readonly problems: readonly string[];
}
