/** `network-server.ts KIND/ADDRESS/PORT...`, of kind `web` or `dns`: servers of a test's small internet. Says a line when all listen. */
import { createSocket } from "node:dgram";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { INTERNET_ADDRESS } from "./network-world.ts";

const MIB = Buffer.alloc(2 ** 20, "x");

await Promise.all(process.argv.slice(2).map((word) => serve(word.split("/"))));
console.log("listening");

function serve([kind, address = "", port = ""]: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    if (kind === "web") {
      createServer((request, response) => answerWeb(request, response, address))
        .once("error", reject)
        .listen(Number(port), address, resolve);
    } else {
      const socket = createSocket("udp4");
      socket.on("message", (query, from) => socket.send(answer(query), from.port, from.address));
      socket.once("error", reject).bind(Number(port), address, resolve);
    }
  });
}

/** A greeting that tells who met whom; at `/mib/N`, so many MiB. */
function answerWeb({ url = "", socket }: IncomingMessage, response: ServerResponse, address: string): void {
  const mib = /^\/mib\/(\d{1,4})$/.exec(url)?.[1];
  if (mib === undefined) response.end(`hello from ${address} to ${socket.remoteAddress ?? ""}\n`);
  else Readable.from(Array.from({ length: Number(mib) }, () => MIB)).pipe(response);
}

/** Every name is the internet's address. */
function answer(query: Buffer): Buffer {
  let end = 12;
  while (query[end] !== 0 && query[end] !== undefined) end += (query[end] ?? 0) + 1;
  const question = query.subarray(12, end + 5);
  const header = Buffer.concat([query.subarray(0, 2), Buffer.from("81800001000100000000", "hex")]);
  return Buffer.concat([
    header,
    question,
    Buffer.from("c00c000100010000003c0004", "hex"),
    Buffer.from(INTERNET_ADDRESS.split(".").map(Number)),
  ]);
}
