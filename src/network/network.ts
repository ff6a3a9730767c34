/**
 * Room `network`: how a vm reaches the outside. So far two ways, both without root: `passt`, one process per vm, in a network
 * namespace of its own (made by `pasta`, of the same package) so that no address which a guest can think of means the
 * host's loopback; and QEMU's user networking, a fallback that does show the guest the host's loopback at the gateway
 * address, and says so. IPv4 alone: nothing here filters IPv6's private and link-local addresses.
 *
 * Laws: no `nat`, no card. No port of the host leads into a guest. A link's processes carry the vm's marker in their
 * arguments, so that reconcile finds strays by looking, and end with the VMM that they serve.
 */
import type { Probe } from "../contract/probe.ts";
import type { GuestAddress, LinkEnd } from "../contract/link.ts";
import type { NetworkUsage, ProcessIdentity } from "../system/system.ts";

export type LinkMode = "none" | "passt" | "user";

export interface Link extends AsyncDisposable {
  readonly mode: LinkMode;
  readonly end: LinkEnd;
  readonly guest: GuestAddress | undefined;
  /** What the user should know: what a fallback exposes. */
  readonly notice: string | undefined;
}

export interface LinkProcess {
  readonly vmId: string;
  /** The process's own program, without folder: a wrapper or the link itself. */
  readonly program: string;
  readonly identity: ProcessIdentity;
}

export interface Network {
  /** What `nat` needs of the computer. */
  probes(): readonly Probe[];
  /** Makes the link of a vm: its sockets go to `runFolder`, its log to `logPath`. */
  openLink(vmId: string, nat: { readonly wanted: boolean }, runFolder: string, logPath: string, signal: AbortSignal): Promise<Link>;
  /** Ends whatever process a vm's link has left. */
  removeLink(vmId: string): Promise<void>;
  /** Resolves when the vm's link of processes does not work any more, because one has ended: soon after that, at once when one is not there. */
  watchLink(vmId: string, signal: AbortSignal): Promise<void>;
  /** Every process that serves a link, with the vm that it serves. Found by looking, so also after a restart of the daemon. */
  findProcesses(): readonly LinkProcess[];
  /** What went over a vm's link; undefined where the link does not count: it is QEMU's own, or none. */
  traffic(processes: readonly LinkProcess[]): Promise<NetworkUsage | undefined>;
  /** Ids of vms for which a link process runs. */
  findStrays(): readonly string[];
}
