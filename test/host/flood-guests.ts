/** Guests that flood: one program for any number of TAPs, in banger's namespace as a VMM would be. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Heard } from "./flood-judge.ts";

/** What was counted by one that watches or floods. */
export interface Report {
  readonly records: readonly Heard[];
  /** Frames that no guest is to hear, and the first of them in hexadecimal. */
  readonly odd: number;
  readonly oddities: readonly string[];
  readonly answers: number;
  /** Of a guest: by TAP how many frames were sent, and when the first. */
  readonly taps?: Readonly<Record<string, readonly [sent: number, since: number]>>;
  /** Of one that watches: packets that it could not count. */
  readonly lost?: number;
}

export interface FloodGuests {
  /** Has these frames sent by that TAP from now on, or from the moment on that it is there. */
  flood(tap: string, frames: Buffer): Promise<void>;
  /** Lets go of it, as a VMM does that ends. */
  leave(tap: string): Promise<void>;
  end(): Promise<Report>;
}

const PROGRAM = join(import.meta.dir, "flood.pl");

/** @param prefix what puts a command into the namespace. */
export function openFloodGuests(prefix: readonly string[], framesPerMs: number): FloodGuests {
  const { order, end } = openProgram([...prefix, "perl", PROGRAM, "guest", String(framesPerMs)]);
  return {
    flood: (tap, frames) => order(Buffer.concat([Buffer.from(`W${tap}\0`), frames])),
    leave: (tap) => order(Buffer.from(`D${tap}`)),
    end,
  };
}

/** Counts what arrives at a card. */
export async function openWatch(prefix: (command: readonly string[]) => readonly string[], card: string) {
  const { listening, end } = openProgram(prefix(["perl", PROGRAM, "watch", card]));
  await listening();
  return { end };
}

function openProgram([program = "", ...words]: readonly string[]) {
  const child = spawn(program, words, { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise<never>((_resolve, reject) => child.once("exit", () => reject(new Error("the flood has ended"))));
  ended.catch(() => undefined);
  const waiting: ((line: string) => void)[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => waiting.shift()?.(line));
  const line = (): Promise<string> => Promise.race([new Promise<string>((resolve) => waiting.push(resolve)), ended]);
  return {
    listening: line,
    order: async (body: Buffer): Promise<void> => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(body.length);
      child.stdin.write(Buffer.concat([length, body]));
      await line();
    },
    end: async (): Promise<Report> => {
      child.stdin.end();
      return JSON.parse(await line()) as Report;
    },
  };
}
