/** A guest of a test's that is no machine: it holds the other end of a link's TAP and sends what it likes. */
import { spawn } from "node:child_process";
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

export async function openNetworkGuest({ end, guest }: Link): Promise<NetworkGuest> {
  if (end.kind !== "tap" || guest === undefined) throw new Error(`the link is ${end.kind}`);
  const [program, ...words] = [...end.enter, "perl", join(import.meta.dir, "tap-pipe.pl"), end.name];
  const child = spawn(program, words, { stdio: ["pipe", "pipe", "inherit"] });
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
      if (reply.kind === "arp" && reply.about === guest.gateway) router.resolve(reply.mac);
      else heard.push(reply);
    }
  });
  void ended.then(() => attached.reject(new Error("nobody may hold the TAP")));
  await attached.promise;
  const send = (...frames: readonly Buffer[]): void => {
    for (const frame of frames) {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(frame.length);
      child.stdin.write(Buffer.concat([length, frame]));
    }
  };
  const address = guest.address.replace(/\/.*/, "");
  // The kernel begins to send a moment after somebody holds the other end.
  const asking = setInterval(() => send(arpFrame({ mac: guest.mac, address }, "request", guest.gateway)), 100);
  const via = await router.promise;
  clearInterval(asking);
  return {
    address,
    gateway: guest.gateway,
    self: { mac: guest.mac, address, via },
    send,
    heard,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
