/**
 * Where the vms of each network are now. Each row that is written comes by here; who has to know of it is told when an address, a name
 * or a network has changed.
 */
import type { Peer } from "../../agent/agent.ts";
import type { VmRecord } from "../vm-record.ts";

export interface Peers {
  put(record: VmRecord): void;
  drop(vmId: string): void;
  /** The others of a vm's network, as its guest is told, by name. */
  of(record: Pick<VmRecord, "id" | "plan">): readonly Peer[];
  /** Calls it at every change. One listener. */
  onChange(listener: () => void): void;
}

interface Member {
  readonly name: string;
  readonly network: string;
  readonly address: string;
}

export function makePeers(): Peers {
  const members = new Map<string, Member>();
  let tell = (): void => undefined;
  const drop: Peers["drop"] = (vmId) => {
    if (members.delete(vmId)) tell();
  };
  return {
    put: (record) => {
      const member = memberOf(record);
      if (member === undefined) return drop(record.id);
      const before = members.get(record.id);
      members.set(record.id, member);
      if (JSON.stringify(before) !== JSON.stringify(member)) tell();
    },
    drop,
    of: ({ id, plan: { network } }) => {
      if (network === null) return [];
      const others = [...members].flatMap(([otherId, member]) => (otherId !== id && member.network === network ? [member] : []));
      return others.toSorted((one, other) => (one.name < other.name ? -1 : 1)).map(peerOf);
    },
    onChange: (listener) => (tell = listener),
  };
}

/** Undefined for one that nobody reaches. */
function memberOf({ name, plan: { network }, boot }: VmRecord): Member | undefined {
  if (network === null || boot === null || boot.vmm === null || boot.address === null) return undefined;
  return { name, network, address: boot.address.replace(/\/.*$/, "") };
}

function peerOf({ name, network, address }: Member): Peer {
  const long = `${name}.${network}`;
  // Everybody is called that at home.
  return { address, names: name === "localhost" ? [long] : [name, long] };
}
