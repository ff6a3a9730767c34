/**
 * A forward of UDP: each sender has a flow of its own to the guest's port, so that answers find their way back. Where the guest cannot take
 * a datagram at once it is lost, as a datagram may be.
 */
import type { Duplex } from "node:stream";
import type { Forward } from "../contract/schemas/forward.ts";
import type { Listener, System, UdpPeer } from "../system/system.ts";
import { DatagramReader, frameDatagram } from "./datagram-frames.ts";
import type { PortsGuest } from "./ports.ts";

/** Until the guest's agent has taken the flow: one datagram of the longest, or several shorter ones. */
const MOST_WAITING_BYTES = 64 * 1024;
const DIAL_MS = 15_000;
/** Somewhat longer than what asks again after half a minute. */
const IDLE_MS = 60_000;
const LOOK_MS = 10_000;

/**
 * How many flows a vm has in all its forwards together. A sender costs nothing and can be made up, and each flow takes one of the
 * connections to the guest, which other forwards want as well.
 */
const MOST_FLOWS = 64;

export class FlowCount {
  #count = 0;

  get isFull(): boolean {
    return this.#count >= MOST_FLOWS;
  }

  add(change: 1 | -1): void {
    this.#count += change;
  }
}

/** Rejects with errno. @param count of the vm. */
export async function forwardUdp(
  { address, hostPort, guestPort }: Forward,
  guest: PortsGuest,
  { sockets, clock, log }: Pick<System, "sockets" | "clock" | "log">,
  count: FlowCount,
): Promise<Listener> {
  /** Those that were used last come last. */
  const flows = new Map<string, Flow>();
  const over = new AbortController();
  let isLooking = false;
  const lookForIdle = async (): Promise<void> => {
    if (isLooking) return;
    isLooking = true;
    while (flows.size > 0 && !over.signal.aborted) {
      await clock.sleep(LOOK_MS, over.signal).catch(() => undefined);
      for (const flow of flows.values()) if (clock.monotonicMs() - flow.lastMs > IDLE_MS) flow.end();
    }
    isLooking = false;
  };
  const openFlow = (key: string, peer: UdpPeer): Flow | undefined => {
    const [oldest] = flows.values();
    if (count.isFull) oldest?.end();
    // All are another forward's.
    if (count.isFull) return undefined;
    count.add(1);
    const flow = new Flow({
      now: () => clock.monotonicMs(),
      answer: (bytes) => socket.send(bytes, peer),
      onEnd: () => {
        if (flows.get(key) === flow) flows.delete(key);
        count.add(-1);
      },
    });
    void flow.open(guest, guestPort, log);
    return flow;
  };
  const socket = await sockets.bindUdp(address, hostPort, (bytes, peer) => {
    const key = `${peer.address} ${peer.port}`;
    const flow = flows.get(key) ?? openFlow(key, peer);
    if (flow === undefined) return;
    flows.delete(key);
    flows.set(key, flow);
    flow.send(bytes);
    void lookForIdle();
  });
  return {
    port: socket.port,
    [Symbol.asyncDispose]: async () => {
      over.abort();
      for (const flow of flows.values()) flow.end();
      await socket[Symbol.asyncDispose]();
    },
  };
}

interface FlowParts {
  now(): number;
  /** What the guest sends back. */
  answer(bytes: Uint8Array): void;
  onEnd(): void;
}

class Flow {
  readonly #parts: FlowParts;
  readonly #over = new AbortController();
  readonly #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #stream: Duplex | undefined;
  lastMs: number;

  constructor(parts: FlowParts) {
    this.#parts = parts;
    this.lastMs = parts.now();
  }

  async open(guest: PortsGuest, port: number, log: System["log"]): Promise<void> {
    const patience = setTimeout(() => this.end(), DIAL_MS);
    try {
      const stream = await guest.dialDatagrams(port, this.#over.signal);
      stream.on("error", () => undefined).once("close", () => this.end());
      if (this.#over.signal.aborted) return void stream.destroy();
      const reader = new DatagramReader();
      stream.on("data", (piece: Buffer) => {
        this.lastMs = this.#parts.now();
        for (const bytes of reader.take(piece)) this.#parts.answer(bytes);
      });
      this.#stream = stream;
      for (const frame of this.#waiting.splice(0)) stream.write(frame);
    } catch (error) {
      if (!this.#over.signal.aborted) log.debug("datagrams to a guest's port were dropped", { vm: guest.vmName(), port, error });
      this.end();
    } finally {
      clearTimeout(patience);
    }
  }

  send(bytes: Uint8Array): void {
    this.lastMs = this.#parts.now();
    if (this.#stream === undefined) {
      const frame = frameDatagram(bytes);
      if (this.#waitingBytes + frame.length > MOST_WAITING_BYTES) return;
      this.#waitingBytes += frame.length;
      this.#waiting.push(frame);
    } else if (!this.#stream.writableNeedDrain) {
      this.#stream.write(frameDatagram(bytes));
    }
  }

  end(): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort();
    this.#stream?.destroy();
    this.#waiting.length = 0;
    this.#parts.onEnd();
  }
}
