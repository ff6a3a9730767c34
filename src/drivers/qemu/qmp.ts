import type { Socket } from "node:net";
import { BangerError } from "../../contract/errors.ts";
import type { Clock } from "../../system/system.ts";
import { parseQmpLine, type QmpLine } from "./qmp-line.ts";

/** Answers to the commands that we use have a few hundred bytes. */
const MAX_LINE_BYTES = 1024 * 1024;
const COMMAND_DEADLINE_MS = 10_000;

export type QmpEvent = Extract<QmpLine, { kind: "event" }>;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * QEMU's monitor. One client at a time: a second one connects and hears nothing until the first has gone, so everything here
 * has a deadline. `ended` resolves when the connection is over; commands under way then fail.
 */
export class Qmp implements Disposable {
  readonly ended: Promise<void>;
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #onEvent: (event: QmpEvent) => void;
  readonly #greeted = Promise.withResolvers<unknown>();
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #rest = "";

  private constructor(socket: Socket, clock: Clock, onEvent: (event: QmpEvent) => void) {
    this.#socket = socket;
    this.#clock = clock;
    this.#onEvent = onEvent;
    this.ended = new Promise((resolve) => socket.on("close", resolve));
    void this.ended.then(() => this.#fail(lost("QEMU closed it")));
    socket.on("error", (error) => this.#fail(lost(error.message)));
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => this.#take(text));
  }

  /** Waits for the greeting and agrees on capabilities. On failure the socket is closed. */
  static async open(socket: Socket, clock: Clock, deadlineMs: number, onEvent: (event: QmpEvent) => void): Promise<Qmp> {
    const qmp = new Qmp(socket, clock, onEvent);
    try {
      await qmp.#inTime(qmp.#greeted.promise, deadlineMs, "greeting");
      await qmp.execute("qmp_capabilities", {}, deadlineMs);
      return qmp;
    } catch (thrown) {
      qmp[Symbol.dispose]();
      throw thrown;
    }
  }

  async execute(
    command: string,
    values: Readonly<Record<string, unknown>> = {},
    deadlineMs: number = COMMAND_DEADLINE_MS,
  ): Promise<unknown> {
    if (this.#socket.destroyed) throw lost("it is closed");
    this.#lastId += 1;
    const id = this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, { resolve, reject });
    this.#socket.write(`${JSON.stringify({ execute: command, arguments: values, id })}\n`);
    try {
      return await this.#inTime(promise, deadlineMs, command);
    } finally {
      this.#waiting.delete(id);
    }
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #take(text: string): void {
    const lines = `${this.#rest}${text}`.split("\n");
    this.#rest = lines.pop() ?? "";
    try {
      if (this.#rest.length > MAX_LINE_BYTES) throw new RangeError("a line has no end");
      for (const line of lines) if (line.trim() !== "") this.#handle(parseQmpLine(line));
    } catch (cause) {
      this.#fail(new BangerError("unavailable", "qmp_garbled", "cannot understand QEMU's monitor", { cause }));
      this.#socket.destroy();
    }
  }

  #handle(line: QmpLine): void {
    switch (line.kind) {
      case "greeting":
        return this.#greeted.resolve(undefined);
      case "event":
        return this.#onEvent(line);
      case "return":
        return this.#waiting.get(line.id)?.resolve(line.value);
      case "error":
        return this.#waiting.get(line.id)?.reject(new BangerError("unavailable", "qmp_error", `QEMU refused: ${line.description}`));
    }
  }

  #fail(error: Error): void {
    this.#greeted.promise.catch(() => undefined);
    this.#greeted.reject(error);
    for (const { reject } of this.#waiting.values()) reject(error);
  }

  async #inTime<T>(work: Promise<T>, deadlineMs: number, what: string): Promise<T> {
    const finished = new AbortController();
    const late = this.#clock.sleep(deadlineMs, finished.signal).then(() => {
      throw new BangerError("timeout", "qmp_silent", `QEMU's monitor did not answer ${what} in ${deadlineMs} ms`);
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      late.catch(() => undefined);
      finished.abort();
    }
  }
}

function lost(why: string): BangerError {
  return new BangerError("unavailable", "qmp_lost", `the connection to QEMU's monitor is gone: ${why}`);
}
