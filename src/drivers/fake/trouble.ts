import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import type { System } from "../../system/system.ts";
import type { LaunchPlan, RunningVmm } from "../drivers.ts";
import { AGENT_SOCKET, FakeVmm } from "./fake-vmm.ts";

/**
 * - `crash`: the VMM ends with code 3 a moment after its start;
 * - `hang`: it runs, takes connections, and says nothing ever;
 * - the others answer the handshake: with another protocol, for another nonce, or with noise.
 */
export type FakeTrouble = "crash" | "hang" | "wrong-protocol" | "wrong-nonce" | "garbage";

const LIE_SOCKET = "lie.sock";
const BOOT = "f".repeat(32);
const HELLO: Readonly<Record<"wrong-protocol" | "wrong-nonce" | "garbage", (nonce: string) => string>> = {
  "wrong-protocol": (nonce) => `banger-synced ${nonce} {"protocol":99,"agent":"9.9.9","boot":"${BOOT}"}\n`,
  "wrong-nonce": () => `banger-synced ${"0".repeat(32)} {"protocol":1,"agent":"0.1.0","boot":"${BOOT}"}\n`,
  garbage: (nonce) => `\u001b]0;pwned\u0007\0\0banger-synced ${nonce} \u0000${"x".repeat(10_000)}\n`,
};

/** Starts a process that goes wrong in the given way. */
export async function launchTrouble(system: System, trouble: FakeTrouble, plan: LaunchPlan): Promise<RunningVmm> {
  const path = join(plan.runFolder, AGENT_SOCKET);
  const listening = system.sockets.listenForChild(path);
  try {
    // `tail` waits for ever and has the path in its argv, by which it is found; it also holds the socket, and never accepts.
    const argv = trouble === "crash" ? ["sh", "-c", "exit 3", path] : ["tail", "-q", "-f", "/dev/null", path];
    const started = await system.processes.startDetached(argv, { logPath: plan.vmmLogPath, descriptors: [listening.descriptor] });
    const record = { driver: "fake", vmId: plan.vmId, identity: started.identity, runFolder: plan.runFolder };
    if (trouble === "crash" || trouble === "hang") return new FakeVmm(system, record, { ended: started.ended });
    const liar = await listenAndLie(join(plan.runFolder, LIE_SOCKET), HELLO[trouble]);
    const vmm = new FakeVmm(system, record, { ended: started.ended, agentSocket: LIE_SOCKET });
    void vmm.exited.then(() => liar.close());
    return vmm;
  } finally {
    listening.close();
  }
}

/** The lies are told by this very process: they need not outlive it. */
async function listenAndLie(path: string, answer: (nonce: string) => string): Promise<Server> {
  const server = createServer((socket) => lie(socket, answer));
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(path, resolve));
  return server.unref();
}

function lie(socket: Socket, answer: (nonce: string) => string): void {
  let seen = "";
  socket.on("error", () => socket.destroy());
  socket.on("data", (bytes) => {
    seen += bytes.toString("latin1").replaceAll("\0", "");
    const nonce = /banger-sync ([0-9a-f]{32})\n/.exec(seen)?.[1];
    if (nonce !== undefined) socket.write(answer(nonce));
  });
}
