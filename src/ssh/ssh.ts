/**
 * Room `ssh`: OpenSSH into a vm, without a network. The client's connection goes through the guest agent to the sshd of the image, which runs
 * for it alone (`guest/src/ssh`). So it works in every network mode, with every init, and while the guest still starts.
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

export interface SshReady {
  readonly vmId: string;
  readonly name: string;
  /** What to call it: `dev.banger`. */
  readonly host: string;
  /** The path of the sshd in the guest. */
  readonly server: string;
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
  /** Makes a running vm ready for a connection. Throws `unsupported` `no_sshd` where the image has none. */
  prepare(ref: string, signal: AbortSignal): Promise<SshReady>;
  /** The bytes of one connection, after `prepare`. */
  connect(ref: string, signal: AbortSignal): Promise<Duplex>;
}
