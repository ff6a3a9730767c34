/** The SSH server inside a guest, as the other side of a comparison. */
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
