/**
 * Room `agent`: the host end of the wire to the guest agent (`docs/wire.md`). Everything that arrives is hostile: lines and
 * JSON are capped before they are kept and parsed strictly; a guest can break its own connection and nothing else.
 *
 * Laws:
 * - The host opens every stream; the guest speaks first, with hello.
 * - `openAgent` waits for the guest, not for time: it resolves on hello and sync, rejects at the deadline, on abort, or when
 *   the byte stream ends.
 * - A stream that was reset is an error, whatever `end` says.
 * - `closed` resolves once when the connection is of no more use, for whatever reason; every open stream then fails.
 */
import type { Duplex, Readable } from "node:stream";
import type { Socket } from "node:net";
import type { Probe } from "../contract/schemas/requirement.ts";
import type { GuestAddress } from "../contract/link.ts";
import type { GuestInit } from "../contract/schemas/init.ts";
import type { GuestPorts, GuestStats } from "../contract/schemas/guest.ts";

export interface Hello {
  readonly protocol: number;
  readonly agent: string;
  /** Random per boot, 32 hex digits. */
  readonly boot: string;
}

export interface GuestPlan {
  readonly hostname: string;
  readonly init: GuestInit;
  readonly time: { readonly unixMs: number };
  /** 32 bytes, hex. */
  readonly entropy: string;
  readonly root: {
    readonly base: { readonly serial: string; readonly format: "squashfs" | "erofs" | "ext4" };
    readonly layer: { readonly serial: string };
  } | null;
  /** `fill`: the disk came empty, and gets what the image has in its place. */
  readonly work: { readonly serial: string; readonly mount: string; readonly fill: boolean } | null;
  readonly network: GuestAddress | null;
  readonly env: Readonly<Record<string, string>>;
  /** Who runs a command, and where, when its spec does not say; `image` is whose word that is. */
  readonly commands: { readonly image: string; readonly user: string | null; readonly cwd: string | null };
  /** Whom it is to know by name. */
  readonly peers: readonly Peer[];
}

/** Another guest of the same network. */
export interface Peer {
  /** By IPv4. */
  readonly address: string;
  readonly names: readonly string[];
}

export interface GuestReport {
  readonly stages: readonly { readonly name: string; readonly ms: number }[];
  readonly kernel: string;
  /** The init that the plan names is not there: `install` gets it, and hands over. */
  readonly installs?: { readonly init: GuestInit; readonly family: string };
}

/** What of a guest can be changed while it runs; what is absent stays as it is. */
export interface Amendment {
  readonly time?: { readonly unixMs: number };
  readonly hostname?: string;
  /** Replaces that of the plan, for commands to come. */
  readonly env?: Readonly<Record<string, string>>;
  /** Disks that were made longer: the guest waits until it sees them so, and grows what is on them. */
  readonly disks?: readonly { readonly serial: string; readonly bytes: number }[];
  /** Replaces those of the plan. */
  readonly peers?: readonly Peer[];
}

export interface Amended {
  /** How far the guest's clock was behind the time it was told; null when it was told none. */
  readonly clockBehindMs: number | null;
}

export interface Health {
  readonly state: "waiting" | "configured" | "handed-over";
  readonly uptimeMs: number;
  readonly init: GuestInit;
}

/** Paths from the root, without a slash before; one `*` in the last name stands for anything, a slash behind means what is in a folder. */
export interface ExportWanted {
  readonly leaveOut: readonly string[];
  /** Files of which there is the name, and nothing in them. */
  readonly emptied: readonly string[];
  /** In place of what the root has as root's home, what the work disk has. */
  readonly home?: boolean;
}

export interface Offer {
  readonly id: number;
  readonly purpose: string;
}

export interface SshPrepared {
  /** The path of the sshd. */
  readonly server: string | null;
  readonly hostKey: string | null;
  /** The digest of the one that was given, where it is that one. */
  readonly carried?: string;
}

export interface Agent extends AsyncDisposable {
  readonly hello: Hello;
  /** Resolves with why, in words. */
  readonly closed: Promise<string>;
  health(signal: AbortSignal): Promise<Health>;
  /** What the guest says that it uses. Throws `unsupported` `agent_too_old` for an agent that cannot tell. */
  stats(signal: AbortSignal): Promise<GuestStats>;
  /** What the guest says listens in it. The same. */
  ports(signal: AbortSignal): Promise<GuestPorts>;
  /** Once per boot; the same plan again is fine. */
  configure(plan: GuestPlan, signal: AbortSignal): Promise<GuestReport>;
  /**
   * After a `configure` that has left something to be installed. `onLine` gets what the package manager says, a line each, escaped. Throws
   * `unavailable` `install_failed`. Aborted, it is given up, and whoever asks again begins again.
   */
  install(onLine: (line: string) => void, signal: AbortSignal): Promise<void>;
  /** After `configure`; the same again changes nothing more. */
  amend(amendment: Amendment, signal: AbortSignal): Promise<Amended>;
  /** Waits in the guest until it is so, will never be, or `patienceMs` are over. `why` is the guest's word, escaped. */
  waitFor(probe: Probe, patienceMs: number, signal: AbortSignal): Promise<{ readonly met: boolean; readonly why: string | null }>;
  /** The guest stands still: the connection and its streams are kept, and nobody minds that it does not answer. */
  hold(): void;
  /** It runs again. */
  goOn(): void;
  /** Raw exec frames both ways; the caller writes the spec first. Destroying it resets the stream, and the command gets SIGHUP. */
  openExec(signal: AbortSignal): Promise<Duplex>;
  /** Raw frames of a copy both ways; the caller writes the spec first. Destroying it ends the copy; what has arrived in the guest stays. */
  openCopy(signal: AbortSignal): Promise<Duplex>;
  /**
   * The guest's root without what is mounted in it, as a tar stream: what the guest says it is, to be read as such. Ends only when it is
   * whole. Throws `unsupported` `agent_too_old`.
   */
  openExport(wanted: ExportWanted, signal: AbortSignal): Promise<Readable>;
  /** Removes files from the work disk, so that nothing of them is left on it, and writes all that waits to be written. What was there of them. */
  forget(paths: readonly string[], signal: AbortSignal): Promise<readonly string[]>;
  powerOff(signal: AbortSignal): Promise<void>;
  /** A TCP connection to 127.0.0.1:`port` in the guest. Rejects with `refused` `guest_port_closed`. */
  dial(port: number, signal: AbortSignal): Promise<Duplex>;
  /** Datagrams to and from 127.0.0.1:`port` in the guest, each behind its length: two bytes, the higher first. Throws `unsupported` `agent_too_old`. */
  dialDatagrams(port: number, signal: AbortSignal): Promise<Duplex>;
  /**
   * Listens on 127.0.0.1:`port` in the guest until the signal or the connection ends; each that connects is an offer. Rejects with `refused`
   * `guest_port_in_use`, `unsupported` `agent_too_old`.
   */
  listen(port: number, signal: AbortSignal): Promise<AsyncIterable<Offer>>;
  /**
   * Whoever has this key may come in by SSH, until it is another or the guest ends. What the guest is known by: null where it has no sshd.
   * Throws `unsupported` `agent_too_old`.
   */
  prepareSsh(authorizedKey: string, signal: AbortSignal): Promise<SshPrepared>;
  /** Gives the guest an sshd for as long as it runs, which answers where its image has none. Throws `unsupported` `agent_too_old`. */
  giveSshServer(sha256: string, program: Uint8Array, signal: AbortSignal): Promise<void>;
  /** Whether the image has an sshd. Throws for an agent that cannot tell. */
  hasSshd(signal: AbortSignal): Promise<boolean>;
  /** One connection to the guest's sshd, after `prepareSsh`. */
  openSsh(signal: AbortSignal): Promise<Duplex>;
  /** Streams that something in the guest wants opened. Ends with the connection. */
  watchOffers(signal: AbortSignal): AsyncIterable<Offer>;
  takeOffer(id: number, signal: AbortSignal): Promise<Duplex>;
}

export interface OpenAgentOptions {
  /** Gives the byte stream. */
  readonly connect: (signal: AbortSignal) => Promise<Socket>;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/** Opens a session with the guest agent. `makeOpenAgent` in `open-agent.ts` makes it. */
export type OpenAgent = (options: OpenAgentOptions) => Promise<Agent>;

export { streamCommand } from "./stream-command.ts";
export { runCommand } from "./run-command.ts";
export { watchCommand } from "./watch-command.ts";
