import { spawn } from "node:child_process";
import { once } from "node:events";

/** Its arguments are the words of a command. The shell makes a pipe, which we could not. */
const SCRIPT = 'cat | "$@"';

/** Runs the same words again, with what comes on stdin through a pipe; resolves with the exit code. */
export async function runThroughPipe(words: readonly string[], variables: Readonly<Record<string, string | undefined>>): Promise<number> {
  const child = spawn("sh", ["-c", SCRIPT, "sh", ...words], { stdio: "inherit", env: { ...variables } });
  // Both get it from the terminal, and the other one knows what to do about it.
  const ignore = (): void => undefined;
  process.on("SIGINT", ignore);
  const [code] = (await once(child, "exit")) as [number | null];
  process.off("SIGINT", ignore);
  return code ?? 1;
}
