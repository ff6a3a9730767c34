import type { Agent, Health, Peer } from "../agent/agent.ts";

export interface TestAgent extends Agent {
  readonly powerOffs: number;
  /** Whether it was told that the guest stands still. */
  readonly isHeld: boolean;
  /** How often the guest's clock was set. */
  readonly clockSets: number;
  /** Whom its guest knows by name; undefined while it was told nothing by this connection. */
  readonly peers: readonly Peer[] | undefined;
  /** Ends the connection, as a guest can. */
  end(why: string): void;
}

/** What the guest behind an agent does. */
export interface TestGuest {
  readonly health: (signal: AbortSignal) => Promise<Health>;
  readonly configure: (signal: AbortSignal) => Promise<void>;
  readonly powerOff: () => Promise<void>;
}

export function makeTestAgent(guest: TestGuest): TestAgent {
  const { promise: closed, resolve } = Promise.withResolvers<string>();
  const counted = { powerOffs: 0, isHeld: false, clockSets: 0, peers: undefined as readonly Peer[] | undefined };
  const unused = (): Promise<never> => Promise.reject(new Error("not faked"));
  return {
    hello: { protocol: 1, agent: "0.1.0", boot: "0".repeat(32) },
    closed,
    health: (signal) => guest.health(signal),
    configure: async ({ peers }, signal) => {
      counted.peers = peers;
      await guest.configure(signal);
      return { stages: [], kernel: "6.12" };
    },
    install: unused,
    amend: async ({ time, peers = counted.peers }) => {
      counted.peers = peers;
      if (time !== undefined) counted.clockSets += 1;
      return { clockBehindMs: 0 };
    },
    hold: () => void (counted.isHeld = true),
    goOn: () => void (counted.isHeld = false),
    openExec: unused,
    openCopy: unused,
    stats: unused,
    ports: unused,
    waitFor: unused,
    openExport: unused,
    forget: async () => [],
    powerOff: async () => {
      counted.powerOffs += 1;
      await guest.powerOff();
    },
    dial: unused,
    dialDatagrams: unused,
    listen: unused,
    prepareSsh: unused,
    giveSshServer: unused,
    hasSshd: unused,
    openSsh: unused,
    watchOffers: () => [] as unknown as AsyncIterable<never>,
    takeOffer: unused,
    end: resolve,
    get peers() {
      return counted.peers;
    },
    get powerOffs() {
      return counted.powerOffs;
    },
    get isHeld() {
      return counted.isHeld;
    },
    get clockSets() {
      return counted.clockSets;
    },
    [Symbol.asyncDispose]: async () => resolve("we let go"),
  };
}
