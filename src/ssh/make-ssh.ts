import { join } from "node:path";
import type { Duplex } from "node:stream";
import { BangerError } from "../contract/errors.ts";
import { hostOf } from "../contract/ssh-host.ts";
import type { System } from "../system/system.ts";
import type { Vms } from "../vms/vms.ts";
import { openKeyPair, type KeyPair } from "./key-pair.ts";
import { withKnownHost } from "./known-hosts.ts";
import type { Ssh } from "./ssh.ts";

export interface SshParts {
  readonly system: System;
  readonly vms: Pick<Vms, "get" | "list" | "agentOf">;
  /** The path of a private key that the config names. */
  readonly key: string | undefined;
}

export function makeSsh({ system, vms, key }: SshParts): Ssh {
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
      const { server, hostKey } = await agent.prepareSsh(publicKey, signal);
      if (server === null || hostKey === null) throw noServer(name);
      const host = hostOf(name);
      const present = new Set((await vms.list()).map((vm) => hostOf(vm.name)));
      await files.makeFolder(layout.ssh);
      await files.update(knownHostsFile, (text = "") => {
        const changed = withKnownHost(text, host, hostKey, present);
        return changed === text ? undefined : changed;
      });
      return { vmId: id, name, host, server };
    },
    connect: async (ref, signal): Promise<Duplex> => (await vms.agentOf(ref)).openSsh(signal),
  };
}

function noServer(name: string): BangerError {
  return new BangerError("unsupported", "no_sshd", `cannot use SSH with vm ${name}: its image has no sshd`, {
    hint: `banger shell ${name} needs none; or install one: banger exec ${name} -- apt-get install -y openssh-server`,
  });
}
