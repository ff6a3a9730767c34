/**
 * A forward of UDP: each sender has a flow of its own to the guest's port, so that answers find their way back. Where the guest cannot take
 * a datagram at once it is lost, as a datagram may be.
 */
import type { Duplex } from "node:stream";
import type { Forward } from "../contract/schemas/forward.ts";
import type { Listener, System, UdpPeer } from "../system/system.ts";
import { DatagramReader, frameDatagram } from "./datagram-frames.ts";
import type { PortsGuest } from "./ports.ts";

/** A sender costs nothing and can be made up. */
const MOST_FLOWS = 256;
/** Until the guest's agent has taken the flow. */
const MOST_WAITING = 64;
/** Somewhat longer than what asks again after half a minute. */
const IDLE_MS = 60_000;
const LOOK_MS = 10_000;

/** Rejects with errno. */
export async function forwardUdp(
  { address, hostPort, guestPort }: Forward,
  guest: PortsGuest,
  { sockets, clock, log }: Pick<System, "sockets" | "clock" | "log">,
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
  const openFlow = (key: string, peer: UdpPeer): Flow => {
    const [oldest] = flows.values();
    if (flows.size >= MOST_FLOWS) oldest?.end();
    const flow = new Flow({
      now: () => clock.monotonicMs(),
      answer: (bytes) => socket.send(bytes, peer),
      onEnd: () => {
        if (flows.get(key) === flow) flows.delete(key);
      },
    });
    void flow.open(guest, guestPort, log);
    return flow;
  };
  const socket = await sockets.bindUdp(address, hostPort, (bytes, peer) => {
    const key = `${peer.address} ${peer.port}`;
    const flow = flows.get(key) ?? openFlow(key, peer);
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
  #stream: Duplex | undefined;
  lastMs: number;

  constructor(parts: FlowParts) {
    this.#parts = parts;
    this.lastMs = parts.now();
  }

  async open(guest: PortsGuest, port: number, log: System["log"]): Promise<void> {
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
    }
  }

  send(bytes: Uint8Array): void {
    this.lastMs = this.#parts.now();
    if (this.#stream === undefined) {
      if (this.#waiting.length < MOST_WAITING) this.#waiting.push(frameDatagram(bytes));
    } else if (!this.#stream.writableNeedDrain) {
      this.#stream.write(frameDatagram(bytes));
    }
  }

  end(): void {
    this.#over.abort();
    this.#stream?.destroy();
    this.#parts.onEnd();
  }
}
