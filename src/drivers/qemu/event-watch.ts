import type { QmpEvent } from "./qmp.ts";

/** QEMU's run state after a write that found no room, as `query-status` has it. */
export const HELD_STATUS = "io-error";

/** Keeps what QEMU's events said: why it ends, and whether it holds the guest because the host's disk is full. */
export class EventWatch {
  /** The reason of the last SHUTDOWN event: it comes before the process ends. */
  shutdown: string | undefined;
  #held = Promise.withResolvers<void>();
  #isHeld = false;

  /** Resolves when the guest is held. */
  get held(): Promise<void> {
    return this.#held.promise;
  }

  readonly onEvent = ({ name, data }: QmpEvent): void => {
    const { reason } = data;
    if (name === "SHUTDOWN" && typeof reason === "string") this.shutdown = reason;
    if (name === "BLOCK_IO_ERROR" && data["action"] === "stop") this.#hold();
    if (name === "RESUME") this.#goOn();
  };

  /** For a QEMU of an earlier daemon: its events went there. */
  takeStatus(answer: unknown): void {
    if (typeof answer === "object" && answer !== null && "status" in answer && answer.status === HELD_STATUS) this.#hold();
  }

  #hold(): void {
    this.#isHeld = true;
    this.#held.resolve();
  }

  /** Also after a pause: who waits since before that still waits. */
  #goOn(): void {
    if (this.#isHeld) this.#held = Promise.withResolvers();
    this.#isHeld = false;
  }
}
