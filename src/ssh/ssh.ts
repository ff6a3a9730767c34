/**
 * Room `ssh`: OpenSSH into a vm, without a network. The client's connection goes through the guest agent to the sshd of the image, or to
 * the one that banger carries where the image has none, which runs for it alone (`guest/src/ssh`). So it works in every network mode, with every init, and while the guest still starts.
 *
 *     ssh dev.banger  ->  ProxyCommand: banger internal ssh-proxy dev.banger  ->  daemon  ->  agent  ->  sshd -i
 *
 * Laws:
 * - One key pair of ours, made when it is first wanted, or one that the config names. Its public half is told to the guest before each
 *   connection and lies there below /run: no file of a user's is changed, and no image keeps it.
 * - Nobody believes a fingerprint: the guest tells its key over the wire, and it stands in `known_hosts` before the client asks.
 * - The client is the system's own OpenSSH, with the user's own configuration; what has to be so is said on its command line, or by the file that
 *   `banger ssh-config` has it include.
 */
import type { Duplex } from "node:stream";
import type { SshServerOf } from "../contract/schemas/ssh-server.ts";
import type { Vm } from "../contract/schemas/vm.ts";

export interface SshReady {
  readonly vmId: string;
  readonly name: string;
  /** What to call it: `dev.banger`. */
  readonly host: string;
  /** The path of the sshd in the guest, and whose it is. */
  readonly server: string;
  readonly serverOf: SshServerOf;
}

/** The sshd that banger carries, for images that have none. */
export interface SshServer {
  sha256(): Promise<string>;
  read(): Promise<Uint8Array>;
}

export interface SshPlaces {
  /** The private key. */
  readonly identityFile: string;
  readonly knownHostsFile: string;
}

export { removeUserConfig, writeUserConfig } from "./user-config.ts";

export interface Ssh {
  /** Where the client finds what it needs, which is made where it is missing. Throws `unavailable` `program_missing` without an ssh-keygen. */
  places(signal: AbortSignal): Promise<SshPlaces>;
  /** Makes a running vm ready for a connection, and gives it an sshd where it has none. */
  prepare(ref: string, signal: AbortSignal): Promise<SshReady>;
  /** Who answers in a vm: null where it does not run, or does not say so at once. */
  serverOf(vm: Pick<Vm, "id" | "state">): Promise<SshServerOf | null>;
  /** The bytes of one connection, after `prepare`. */
  connect(ref: string, signal: AbortSignal): Promise<Duplex>;
}
