import { join } from "node:path";
import type { Duplex } from "node:stream";
import { BangerError } from "../contract/errors.ts";
import type { SshServerOf } from "../contract/schemas/ssh-server.ts";
import { hostOf } from "../contract/ssh-host.ts";
import type { System } from "../system/system.ts";
import type { Vms } from "../vms/vms.ts";
import { openKeyPair, type KeyPair } from "./key-pair.ts";
import { withKnownHost } from "./known-hosts.ts";
import { prepareGuest } from "./prepare-guest.ts";
import type { Ssh, SshServer } from "./ssh.ts";

export interface SshParts {
  readonly system: System;
  readonly vms: Pick<Vms, "get" | "list" | "agentOf">;
  /** The path of a private key that the config names. */
  readonly key: string | undefined;
  readonly carried: SshServer;
}

/** Of a vm that is only looked at. */
const SAY_MS = 1000;

export function makeSsh({ system, vms, key, carried }: SshParts): Ssh {
  const { files, layout } = system;
  const knownHostsFile = join(layout.ssh, "known_hosts");
  let opening: Promise<KeyPair> | undefined;
  /** One at a time makes it; it is read anew each time, for it may have been changed. */
  const openKey = async (signal: AbortSignal): Promise<KeyPair> => {
    await opening?.catch(() => undefined);
    return await (opening = openKeyPair(system, key, signal));
  };
  return {
    places: async (signal) => ({ identityFile: (await openKey(signal)).path, knownHostsFile }),
    prepare: async (ref, signal) => {
      const agent = await vms.agentOf(ref);
      const { id, name } = await vms.get(ref);
      const { publicKey } = await openKey(signal);
      const { server, hostKey, serverOf } = await prepareGuest({ agent, name, publicKey, carried }, signal);
      const host = hostOf(name);
      const present = new Set((await vms.list()).map((vm) => hostOf(vm.name)));
      await files.makeFolder(layout.ssh);
      await files.update(knownHostsFile, (text = "") => {
        const changed = withKnownHost(text, host, hostKey, present);
        return changed === text ? undefined : changed;
      });
      return { vmId: id, name, host, server, serverOf };
    },
    serverOf: async ({ id, state }) => {
      if (state !== "running") return null;
      const signal = AbortSignal.timeout(SAY_MS);
      const { promise: tooLate, resolve } = Promise.withResolvers<null>();
      signal.addEventListener("abort", () => resolve(null));
      return await Promise.race([askServerOf(vms, id, signal), tooLate]);
    },
    connect: async (ref, signal): Promise<Duplex> => (await vms.agentOf(ref)).openSsh(signal),
  };
}

/** Whose sshd answers; null where the guest stops just now, is busy, or has an agent that cannot tell. */
async function askServerOf(vms: SshParts["vms"], id: string, signal: AbortSignal): Promise<SshServerOf | null> {
  try {
    return (await (await vms.agentOf(id)).hasSshd(signal)) ? "image" : "banger";
  } catch (thrown) {
    if (thrown instanceof BangerError) return null;
    throw thrown;
  }
}
