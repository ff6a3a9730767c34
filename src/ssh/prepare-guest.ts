import type { Agent } from "../agent/agent.ts";
import { BangerError } from "../contract/errors.ts";
import type { SshServerOf } from "../contract/schemas/ssh-server.ts";
import type { SshServer } from "./ssh.ts";

export interface GuestParts {
  readonly agent: Pick<Agent, "prepareSsh" | "giveSshServer">;
  readonly name: string;
  readonly publicKey: string;
  readonly carried: SshServer;
}

/** The one type of OpenSSH's that the carried server does not take. */
const NOT_TAKEN = "ecdsa-sha2-nistp521";

/** Tells a guest our key, and gives it an sshd where its image has none: once, or when ours is another than it got before. */
export async function prepareGuest(
  { agent, name, publicKey, carried }: GuestParts,
  signal: AbortSignal,
): Promise<{ readonly server: string; readonly hostKey: string; readonly serverOf: SshServerOf }> {
  let ready = await agent.prepareSsh(publicKey, signal);
  const isImages = ready.server !== null && ready.carried === undefined;
  if (!isImages) {
    if (publicKey.startsWith(`${NOT_TAKEN} `)) throw notTaken(name);
    const sha256 = await carried.sha256();
    if (ready.carried !== sha256) {
      await agent.giveSshServer(sha256, await carried.read(), signal);
      ready = await agent.prepareSsh(publicKey, signal);
    }
  }
  const { server, hostKey } = ready;
  if (server === null || hostKey === null) throw noServer(name);
  return { server, hostKey, serverOf: ready.carried === undefined ? "image" : "banger" };
}

function noServer(name: string): BangerError {
  return new BangerError("unsupported", "no_sshd", `cannot use SSH with vm ${name}: it has no sshd and takes none`, {
    hint: `banger shell ${name} needs none`,
  });
}

function notTaken(name: string): BangerError {
  const why = `its image has no sshd, and banger's takes no key of type ${NOT_TAKEN}`;
  return new BangerError("refused", "bad_ssh_key", `cannot use SSH with vm ${name}: ${why}`, {
    hint: "name another private key in ssh.key of the config, or none to have one made: banger config show",
  });
}
