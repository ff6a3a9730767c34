/**
 * `network-probe.ts HOME`, run in a test's namespace: opens a link as a vm would, sends it what a hostile guest could send, and
 * prints as JSON which of it was answered.
 */
import { createConnection } from "node:net";
import { makeNetwork } from "../../src/network/make-network.ts";
import { linkMarker } from "../../src/network/passt-arguments.ts";
import { makeSystem } from "../../src/system/make-system.ts";
import { silentLog } from "./images-silent-log.ts";
import { DNS_QUERY, parseReply, synFrame, udpFrame } from "./network-frames.ts";
import { HOST_ADDRESS, INTERNET_ADDRESS, SECRET_PORT, WEB_PORT } from "./network-world.ts";

const VM_ID = "0123456789ab";
/** All that answer do so within some milliseconds. */
const LISTEN_MS = 1500;

const system = makeSystem({ BANGER_HOME: process.argv[2], PATH: process.env["PATH"] }, silentLog);
const runFolder = system.layout.vmRunFolder(VM_ID);
const folder = system.layout.vmFolder(VM_ID);
await system.files.makeFolder(runFolder);
await system.files.makeFolder(folder);
const network = makeNetwork({ system });
const link = await network.openLink(VM_ID, { wanted: true }, runFolder, `${folder}/network.log`, AbortSignal.timeout(20_000));
// Other vms of this computer have links of their own.
const findOurs = (): readonly string[] => network.findStrays().filter((id) => id === VM_ID);
const strays = findOurs();
if (link.end.kind !== "stream-socket") throw new Error(`the link is ${link.end.kind}`);

const hostile = ["127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.2.2", "10.0.2.3", "10.0.2.15", "169.254.1.1", "192.0.2.53", HOST_ADDRESS];
const questions = [
  { name: `tcp ${INTERNET_ADDRESS}`, frame: (port: number) => synFrame(INTERNET_ADDRESS, WEB_PORT, port) },
  { name: `dns ${INTERNET_ADDRESS}`, frame: (port: number) => udpFrame(INTERNET_ADDRESS, 53, port, DNS_QUERY) },
  ...hostile.flatMap((address) => [
    { name: `tcp ${address}`, frame: (port: number) => synFrame(address, SECRET_PORT, port) },
    { name: `udp ${address}`, frame: (port: number) => udpFrame(address, SECRET_PORT, port, DNS_QUERY) },
  ]),
];

const socket = createConnection(link.end.path);
const answered = new Map<number, string>();
let rest = Buffer.alloc(0);
socket.on("data", (part) => {
  rest = Buffer.concat([rest, Buffer.from(part)]);
  while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE(0)) {
    const reply = parseReply(rest.subarray(4, 4 + rest.readUInt32BE(0)));
    if (reply !== undefined) answered.set(reply.port, reply.kind);
    rest = rest.subarray(4 + rest.readUInt32BE(0));
  }
});
for (const [index, question] of questions.entries()) {
  const frame = question.frame(20_000 + index);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(frame.length);
  socket.write(Buffer.concat([length, frame]));
}
await system.clock.sleep(LISTEN_MS);
const left = system.processes.findByArgument(linkMarker(VM_ID));
// As when the VMM ends.
socket.destroy();
await Promise.all(left.map((identity) => system.processes.watchEnd(identity, AbortSignal.timeout(5000))));
const remaining = findOurs();
await link[Symbol.asyncDispose]();

const answers = Object.fromEntries(questions.map(({ name }, index) => [name, answered.get(20_000 + index) ?? "silence"]));
console.log(JSON.stringify({ mode: link.mode, guest: link.guest, strays, processes: left.length, remaining, answers }));
