/** gpg with a home of its own: it neither sees nor changes the user's keyring, starts no helper, and asks no server by itself. */
import { pipeline } from "node:stream/promises";
import type { System } from "../../system/system.ts";

export interface Gpg extends AsyncDisposable {
  /** Whether there is a key of this fingerprint now that gpg can use. */
  importKey(key: Uint8Array, fingerprint: string, signal: AbortSignal): Promise<boolean>;
  /** Status lines about a detached signature. */
  verify(signaturePath: string, content: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<string>;
}

const ASK_MS = 30_000;
const VERIFY_MS = 15 * 60_000;
const STATUS_MAX_BYTES = 256 * 1024;

/** @param home a new folder; its path is so short that sockets fit. */
export async function openGpg(system: System, home: string): Promise<Gpg> {
  const { files, processes } = system;
  await files.makeFolder(home);
  const env = { GNUPGHOME: home, HOME: home };
  const alone = ["gpg", "--homedir", home, "--no-options", "--batch", "--no-tty", "--no-autostart", "--disable-dirmngr"];
  const argv = [...alone, "--no-auto-key-retrieve", "--no-auto-check-trustdb", "--trust-model", "always", "--status-fd", "1"];
  return {
    importKey: async (key, fingerprint, signal) => {
      const options = { env, timeoutMs: ASK_MS, signal };
      await processes.run([...argv, "--import-options", "import-minimal", "--import"], { ...options, input: key });
      const listed = await processes.run([...argv, "--with-colons", "--list-keys", `0x${fingerprint}`], options);
      const records = listed.stdout.split("\n").map((line) => line.split(":"));
      return records.some(([kind]) => kind === "uid") && records.some(([kind, ...rest]) => kind === "fpr" && rest[8] === fingerprint);
    },
    verify: async (signaturePath, content, signal) => {
      let status = "";
      await using child = await processes.start([...argv, "--verify", signaturePath, "-"], {
        env,
        timeoutMs: VERIFY_MS,
        signal,
        isPatient: true,
        graceMs: 200,
        onStderrLine: () => undefined,
      });
      child.stdout.on("data", (part: Buffer) => {
        if (status.length < STATUS_MAX_BYTES) status += part.toString("utf8");
      });
      try {
        await pipeline(content, child.stdin);
      } catch (error) {
        // It may end before it has read all; what it said tells why.
        if (!(error instanceof Error && "code" in error && (error.code === "EPIPE" || error.code === "ERR_STREAM_PREMATURE_CLOSE")))
          throw error;
      }
      await child.ended;
      return status;
    },
    [Symbol.asyncDispose]: async () => {
      // None should have been started; a newer gpg may have its own mind.
      if (processes.which("gpgconf") === undefined) return;
      await processes.run(["gpgconf", "--homedir", home, "--kill", "all"], { env, timeoutMs: ASK_MS });
    },
  };
}
