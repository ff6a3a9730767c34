/** The serial port of a vm as a stream of the frames in `contract/console-frames.ts`: its log by offset, and a way in. */
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import type { ConsoleEnd, ConsolePosition } from "../../contract/console-frames.ts";
import { encodeFrame, encodeJsonFrame, FRAME, FrameReader, MAX_CHUNK_BYTES } from "../../contract/frames.ts";
import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import { followBytes, type LoggedVm } from "./follow-bytes.ts";
import { startOf } from "./log-request.ts";

/** A screenful, when nobody says where to begin. */
const FIRST_BYTES = 4096;

export interface ConsoleVm extends LoggedVm {
  /** Throws `refused` `vm_not_running`. */
  connectConsole(signal: AbortSignal): Promise<Socket>;
}

/** @param from offset to show the console from. */
export async function openConsoleStream(vm: ConsoleVm, from: number | undefined, { files, layout, clock, log }: System): Promise<Duplex> {
  const path = layout.consoleLog(vm.id);
  const over = new AbortController();
  let typing: Socket | undefined = await vm.connectConsole(over.signal);
  const start = await startOf({ source: "console", from, bytes: FIRST_BYTES }, path, files, clock);
  const reader = new FrameReader();
  let wake: (() => void) | undefined;

  /** A keeper that was started anew has let go of its visitors. */
  const typist = async (): Promise<Socket> => {
    if (typing === undefined || typing.destroyed || !typing.writable) {
      typing = await vm.connectConsole(over.signal);
      typing.on("error", () => undefined);
    }
    return typing;
  };
  const type = async (bytes: Uint8Array): Promise<void> => {
    const socket = await typist();
    await new Promise<void>((resolve) => {
      // A connection that breaks takes with it what it held: typing goes on over the next one.
      const done = (): void => {
        socket.off("close", done);
        resolve();
      };
      socket.once("close", done);
      socket.write(bytes, done);
    });
  };
  const typeAll = async (chunk: Uint8Array): Promise<void> => {
    for (const { type: kind, payload } of reader.push(chunk)) {
      if (kind !== FRAME.stdin) throw new BangerError("invalid", "wrong_frame", `a console takes no frame of type ${kind}`);
      await type(payload);
    }
  };

  const takeTyped = async (chunk: Uint8Array, callback: (failure?: Error) => void): Promise<void> => {
    let failure: Error | undefined;
    try {
      await typeAll(chunk);
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
    }
    callback(failure);
  };

  const stream = new Duplex({
    read: () => {
      const woken = wake;
      wake = undefined;
      woken?.();
    },
    write: (chunk: Uint8Array, _encoding, callback) => void takeTyped(chunk, callback),
    destroy: (error, callback) => {
      over.abort(new BangerError("cancelled", "client_gone", "the client went away"));
      typing?.destroy();
      wake?.();
      callback(error);
    },
  });
  typing.on("error", () => undefined);
  const send = async (frame: Uint8Array): Promise<void> => {
    if (!stream.push(frame) && !stream.destroyed) await new Promise<void>((resolve) => (wake = resolve));
  };
  const show = async (): Promise<void> => {
    let next: number | undefined;
    for await (const { bytes, offset } of followBytes(vm, path, start, files, over.signal)) {
      if (offset !== next) await send(encodeJsonFrame(FRAME.started, { offset } satisfies ConsolePosition));
      for (let at = 0; at < bytes.length; at += MAX_CHUNK_BYTES)
        await send(encodeFrame(FRAME.stdout, bytes.subarray(at, at + MAX_CHUNK_BYTES)));
      next = offset + bytes.length;
    }
    await send(encodeJsonFrame(FRAME.exited, { ended: vm.ended ?? "stopped", name: vm.record.name } satisfies ConsoleEnd));
    stream.push(null);
  };
  show().catch((error: unknown) => {
    if (!over.signal.aborted) log.warn("the console of a vm cannot be shown any more", { vmId: vm.id, error });
    stream.destroy();
  });
  return stream;
}
