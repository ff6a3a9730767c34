/** The SSH server inside a guest, as the other side of a comparison. */
import { mkdtempSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Agent } from "../src/agent/agent.ts";
import { runCommand } from "../src/agent/run-command.ts";
import type { Client } from "../src/sdk/sdk.ts";

/** Ends as soon as the guest's SSH server says its banner; asked from inside, which needs no network card. */
const WAIT_FOR_BANNER = "until { exec 3<>/dev/tcp/127.0.0.1/22; } 2>/dev/null; do sleep 0.1; done; head -c 4 <&3";

/** Resolves when the SSH server of a vm answers. */
export async function waitForSshBanner(client: Client, vm: string): Promise<void> {
  using session = await client.exec(vm, { argv: ["bash", "-c", WAIT_FOR_BANNER], env: {} });
  session.stderr.resume();
  session.stdin.end();
  const said: Buffer[] = [];
  session.stdout.on("data", (part: Buffer) => said.push(part));
  await session.exited;
  const banner = Buffer.concat(said).toString();
  if (banner !== "SSH-") throw new Error(`the guest's port 22 said ${JSON.stringify(banner)}`);
}

/** Starts the guest's SSH server for a fresh key; answers the path of the private half. */
export async function prepareSshServer(agent: Agent, folder: string): Promise<string> {
  const key = join(mkdtempSync(join(folder, "ssh-")), "key");
  const made = Bun.spawnSync(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key]);
  if (!made.success) throw new Error("ssh-keygen failed");
  const script = "mkdir -p /run/sshd /root/.ssh; cat > /root/.ssh/authorized_keys; chmod -R go= /root/.ssh; ssh-keygen -A; /usr/sbin/sshd";
  const stream = await agent.openExec(new AbortController().signal);
  const { exit, stderr } = await runCommand(stream, { argv: ["sh", "-c", script], env: {} }, { input: readFileSync(`${key}.pub`) });
  if (!("code" in exit) || exit.code !== 0) throw new Error(`the guest's SSH server does not start: ${stderr.toString()}`);
  return key;
}
