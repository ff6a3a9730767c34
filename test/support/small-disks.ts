/** Disks that can be made to fill up: real ones, in a mount namespace of a test's own. */
import { openNamespaces, type Namespaces } from "./namespaces.ts";

const ENOUGH_BYTES = 1024 * 2 ** 20;

export interface SmallDisks extends AsyncDisposable, Pick<Namespaces, "argv"> {
  /** Runs a script where they are; gives what it prints. */
  run(script: string): string;
  /** @param bytes undefined for enough. */
  leaveFree(path: string, bytes: number | undefined): void;
  /** Types what a failure says to look with; throws when that does not work. */
  typeHint(stderr: string): void;
}

/** @param paths of empty folders, each of which becomes one. */
export async function openSmallDisks(...paths: readonly string[]): Promise<SmallDisks> {
  const mounts = paths.map((path) => `mount -t tmpfs -o size=${ENOUGH_BYTES},mode=700 tmpfs ${path}`);
  const inside = await openNamespaces(["--mount"], mounts.join("\n"));
  const run = (script: string): string => {
    const { stdout, stderr, exitCode } = Bun.spawnSync([...inside.argv(["sh", "-ec", script])]);
    if (exitCode !== 0) throw new Error(`${script}: ${stderr.toString()}`);
    return stdout.toString().trim();
  };
  return {
    argv: (command) => inside.argv(command),
    run,
    leaveFree: (path, bytes) => {
      const resize = `mount -o remount,size=$(($(df --output=used -k ${path} | tail -n 1) * 1024 + ${bytes ?? ENOUGH_BYTES})) ${path}`;
      // Refused when somebody has written in between.
      run(`${resize} 2> /dev/null || ${resize} 2> /dev/null || { sleep 0.1; ${resize}; }`);
    },
    typeHint: (stderr) => void run(/^try: .*?(df -h \S+?)(?:;|$)/m.exec(stderr)?.[1] ?? `echo it says: ${stderr}; exit 1`),
    [Symbol.asyncDispose]: () => inside[Symbol.asyncDispose](),
  };
}
