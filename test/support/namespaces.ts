/**
 * Namespaces of a test's own, for root and for everybody: a process that holds them, and how to run something in them. Who is not
 * root gets a user namespace as well, and is root in there.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";

export interface Namespaces extends AsyncDisposable {
  readonly pid: number;
  /** The command, run in them. Its working folder is the root. */
  argv(command: readonly string[]): readonly string[];
  /** A path as it is in them, for a reader outside. */
  inside(path: string): string;
}

type Kind = "--net" | "--mount";

const asUser = process.getuid?.() !== 0;

/**
 * @param setUp a script that is run in them first.
 * @param around in whose user namespace, and in whose others where not of this kind.
 */
export async function openNamespaces(kinds: readonly Kind[], setUp: string, around?: Namespaces): Promise<Namespaces> {
  const become = asUser && around === undefined ? ["--user", "--map-root-user"] : [];
  const command = ["unshare", ...become, ...kinds, "sh", "-ec", `${setUp}\necho ready\nexec sleep infinity`];
  const [program = "", ...rest] = around?.argv(command) ?? command;
  const holder = spawn(program, rest, { stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(holder, "exit");
  let errors = "";
  holder.stderr.on("data", (part: Buffer) => (errors += part.toString()));
  await Promise.race([
    once(holder.stdout, "data"),
    ended.then(() => {
      throw new Error(`cannot make namespaces: ${errors}`);
    }),
  ]);
  const pid = holder.pid ?? 0;
  const enter = ["nsenter", `--target=${pid}`, ...(asUser ? ["--user", "--preserve-credentials"] : []), ...kinds];
  return {
    pid,
    argv: (inner) => [...enter, ...inner],
    inside: (path) => `/proc/${pid}/root${path}`,
    [Symbol.asyncDispose]: async () => {
      holder.kill("SIGKILL");
      await ended;
    },
  };
}
