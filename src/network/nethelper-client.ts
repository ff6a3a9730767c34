/**
 * The network helper, as this user speaks with it: one JSON document a line, one question at a time, over a connection whose life is
 * the hold on the namespace. It is believed to be root's by who it is, as the kernel tells, not by where its socket lies.
 */
import type { Socket } from "node:net";
import { z } from "zod";
import { BangerError } from "../contract/errors.ts";
import type { System } from "../system/system.ts";
import { HELPER_HINT } from "./decide-mode.ts";
import type { HostState } from "./read-host.ts";
import type { Grants } from "./rules.ts";

/** Of the form of messages. */
const VERSION = 1;
const CONNECT_MS = 2_000;
/** It waits for pasta, which a loaded computer has been seen to start in seconds. */
const ANSWER_MS = 60_000;
const ANSWER_MAX_CHARS = 2 ** 16;

export interface HelperHost {
  readonly own: readonly string[];
  readonly near: readonly string[];
  readonly server: string | null;
}

interface HelperSlot {
  readonly slot: number;
  readonly grants: Grants;
}

/** What may be said to it. */
export type HelperRequest =
  | { readonly hello: Readonly<Record<string, never>> }
  | { readonly open: { readonly host: HelperHost; readonly slots: readonly HelperSlot[] } }
  | { readonly host: HelperHost }
  | { readonly slots: { readonly make: readonly number[]; readonly retire: readonly number[] } }
  | { readonly grants: HelperSlot }
  | { readonly traffic: { readonly slot: number } }
  | { readonly close: Readonly<Record<string, never>> };

export interface HelperClient extends AsyncDisposable {
  /** Slots that had a TAP when it was connected. */
  readonly slots: readonly number[];
  /** Done when it is answered. Throws `unavailable` `link_failed`, with what it said or that it is gone. */
  ask<T>(request: HelperRequest, answer: z.ZodType<T>): Promise<T>;
  /** Resolves when the connection has ended, whoever ended it. */
  readonly ended: Promise<void>;
}

/** Where the helper of a uid listens: the same is in `nethelper/src/serve.rs`. */
export function helperSocket(uid: number): string {
  return `/run/banger-network/${uid}.sock`;
}

const line = z.union([
  z.strictObject({ ok: z.unknown() }),
  z.strictObject({ error: z.strictObject({ code: z.string(), message: z.string().max(300) }) }),
]);
const hello = z.strictObject({ version: z.number().int(), slots: z.array(z.number().int().min(0)) });

/** Throws `unavailable` `link_failed` when there is none, or none that is root's. */
export async function connectHelper({ sockets }: System, uid: number, signal?: AbortSignal): Promise<HelperClient> {
  const path = helperSocket(uid);
  const socket = await sockets.connect(path, CONNECT_MS, signal).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw helperFailed("it does not answer", error);
  });
  try {
    if (sockets.peerOf(socket)?.uid !== 0) throw helperFailed(`who listens at ${path} is not root`);
    const ask = speakWith(socket);
    const { version, slots } = await ask({ hello: {} }, hello);
    if (version !== VERSION) throw helperFailed(`it is of another version of banger: stop it, and start it again`);
    const ended = new Promise<void>((resolve) => void (socket.closed ? resolve() : socket.once("close", () => resolve())));
    return {
      slots,
      ask,
      ended,
      [Symbol.asyncDispose]: async () => {
        socket.destroy();
        await ended;
      },
    };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** Why it does not serve this user; undefined when it does. */
export async function findHelperObstacle(system: System, uid: number, signal: AbortSignal): Promise<string | undefined> {
  try {
    await (await connectHelper(system, uid, signal))[Symbol.asyncDispose]();
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof BangerError)) throw error;
    return (await system.files.find(helperSocket(uid))) === undefined ? "root's network helper does not run" : error.message;
  }
}

export function helperFailed(why: string, cause?: unknown): BangerError {
  return new BangerError("unavailable", "link_failed", `the network helper of root's: ${why}`, {
    hint: HELPER_HINT,
    ...(cause === undefined ? {} : { cause }),
  });
}

export function toHelperHost({ networks: { own, near }, server }: HostState): HelperHost {
  return { own, near, server: server ?? null };
}

/** Questions go one after the other; one that is not answered in time ends the connection, for nobody knows what was done. */
function speakWith(socket: Socket): HelperClient["ask"] {
  let text = "";
  let waiting: { readonly resolve: (line: string) => void; readonly reject: (error: unknown) => void } | undefined;
  let last: Promise<unknown> = Promise.resolve();
  const end = (why: string): void => {
    socket.destroy();
    waiting?.reject(helperFailed(why));
    waiting = undefined;
  };
  socket.setEncoding("utf8");
  socket.on("error", () => undefined); // "close" follows
  socket.on("close", () => end("it has ended"));
  socket.on("data", (part: string) => {
    text += part;
    const at = text.indexOf("\n");
    if (at < 0 && text.length <= ANSWER_MAX_CHARS) return;
    if (at < 0 || waiting === undefined) return end("it says what nobody asked for");
    const answer = text.slice(0, at);
    text = text.slice(at + 1);
    const { resolve } = waiting;
    waiting = undefined;
    resolve(answer);
  });
  const askOne = async <T>(request: HelperRequest, answer: z.ZodType<T>): Promise<T> => {
    if (socket.destroyed) throw helperFailed("it has ended");
    const said = Promise.withResolvers<string>();
    waiting = said;
    const timer = setTimeout(() => end(`it has not answered within ${ANSWER_MS} ms`), ANSWER_MS);
    socket.write(`${JSON.stringify(request)}\n`);
    const parsed = parseAnswer(await said.promise.finally(() => clearTimeout(timer)));
    if ("error" in parsed) throw helperFailed(parsed.error.message);
    const read = answer.safeParse(parsed.ok);
    if (!read.success) throw helperFailed("it answers in another way than it should");
    return read.data;
  };
  return (request, answer) => {
    const turn = last.then(() => askOne(request, answer));
    last = turn.catch(() => undefined);
    return turn;
  };
}

function parseAnswer(text: string): z.output<typeof line> {
  try {
    return line.parse(JSON.parse(text));
  } catch (error) {
    throw helperFailed("it answers in another way than it should", error);
  }
}
