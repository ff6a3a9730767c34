/** A guest of a test's that sends what it likes, by the other end of a link's TAP, or by the card of a real guest from inside. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Link } from "../../src/network/network.ts";
import { arpFrame, parseReply, type Reply, type Sender } from "./network-frames.ts";

export interface NetworkGuest extends AsyncDisposable {
  readonly address: string;
  readonly gateway: string;
  /** Knows its gateway. */
  readonly self: Sender;
  send(...frames: readonly Buffer[]): void;
  /** All that has come so far. */
  readonly heard: readonly Reply[];
}

/** What a guest has been given. */
interface Given {
  readonly mac: string;
  readonly address: string;
  readonly gateway: string;
}

const PIPE = join(import.meta.dir, "frame-pipe.pl");

/** It is no machine: it holds the TAP as a VMM would. */
export async function openNetworkGuest({ end, guest }: Link): Promise<NetworkGuest> {
  if (end.kind !== "tap" || guest === undefined) throw new Error(`the link is ${end.kind}`);
  return await talk([...end.enter, "perl", PIPE, "tap", end.name], undefined, { ...guest, address: guest.address.replace(/\/.*/, "") });
}

/**
 * A real one, beside whatever else it does.
 * @param into the command that runs another in the guest, with its stdin.
 */
export async function openGuestFromInside(
  into: readonly string[],
  env: Readonly<Record<string, string>>,
  given: Given,
): Promise<NetworkGuest> {
  return await talk([...into, "perl", "-e", readFileSync(PIPE, "utf8"), "card", "eth0"], env, given);
}

async function talk(argv: readonly string[], env: Readonly<Record<string, string>> | undefined, given: Given): Promise<NetworkGuest> {
  const { mac, address, gateway } = given;
  const [program = "", ...words] = argv;
  const child = spawn(program, words, { stdio: ["pipe", "pipe", "inherit"], env });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const heard: Reply[] = [];
  const attached = Promise.withResolvers<void>();
  const router = Promise.withResolvers<string>();
  let rest = Buffer.alloc(0);
  child.stdout.on("data", (part: Buffer) => {
    rest = Buffer.concat([rest, part]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE(0)) {
      const frame = rest.subarray(4, 4 + rest.readUInt32BE(0));
      rest = rest.subarray(4 + frame.length);
      if (frame.length === 0) {
        attached.resolve();
        continue;
      }
      const reply = parseReply(frame);
      if (reply.kind === "arp" && reply.about === gateway) router.resolve(reply.mac);
      else heard.push(reply);
    }
  });
  child.stdin.on("error", () => undefined);
  void ended.then(() => attached.reject(new Error("nobody may have the link")));
  await attached.promise;
  const send = (...frames: readonly Buffer[]): void => {
    for (const frame of frames) {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(frame.length);
      child.stdin.write(Buffer.concat([length, frame]));
    }
  };
  // The kernel begins to send a moment after somebody holds the other end.
  const asking = setInterval(() => send(arpFrame({ mac, address }, "request", gateway)), 100);
  const via = await router.promise;
  clearInterval(asking);
  return {
    address,
    gateway,
    self: { mac, address, via },
    send,
    heard,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
