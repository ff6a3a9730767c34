/** `network-server.ts web|dns ADDRESS PORT`: a server of a test's small internet. Says a line when it listens. */
import { createSocket } from "node:dgram";
import { createServer } from "node:http";
import { INTERNET_ADDRESS } from "./network-world.ts";

const [kind, address, port] = process.argv.slice(2);
const listening = (): void => console.log("listening");

if (kind === "web") {
  createServer((request, response) => response.end(`hello from ${address} to ${request.socket.remoteAddress ?? ""}\n`)).listen(
    Number(port),
    address,
    listening,
  );
} else {
  const socket = createSocket("udp4");
  socket.on("message", (query, from) => socket.send(answer(query), from.port, from.address));
  socket.bind(Number(port), address, listening);
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
