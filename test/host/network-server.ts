/** `network-server.ts KIND/ADDRESS/PORT...`, of kind `web` or `dns`: servers of a test's small internet. Says a line when all listen. */
import { createSocket } from "node:dgram";
import { createServer } from "node:http";
import { INTERNET_ADDRESS } from "./network-world.ts";

await Promise.all(process.argv.slice(2).map((word) => serve(word.split("/"))));
console.log("listening");

function serve([kind, address = "", port = ""]: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    if (kind === "web") {
      createServer((request, response) => response.end(`hello from ${address} to ${request.socket.remoteAddress ?? ""}\n`))
        .once("error", reject)
        .listen(Number(port), address, resolve);
    } else {
      const socket = createSocket("udp4");
      socket.on("message", (query, from) => socket.send(answer(query), from.port, from.address));
      socket.once("error", reject).bind(Number(port), address, resolve);
    }
  });
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
