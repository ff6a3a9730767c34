import type { Client } from "../src/sdk/sdk.ts";

/** The shortest command, through the API alone. */
export async function runTrue(client: Client, vm: string): Promise<void> {
  using session = await client.exec(vm, { argv: ["true"], env: {} });
  session.stdout.resume();
  session.stderr.resume();
  session.stdin.end();
  const exit = await session.exited;
  if (!("code" in exit) || exit.code !== 0) throw new Error("the command failed");
}
