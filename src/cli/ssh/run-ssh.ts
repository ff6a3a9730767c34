import { spawn } from "node:child_process";
import { constants } from "node:os";
import { BangerError } from "../../contract/errors.ts";

/** Both get them from the terminal, and the other one knows what to do about them. */
const ITS_OWN = ["SIGINT", "SIGQUIT", "SIGTSTP"] as const;

/** Runs the system's ssh in our place, with our terminal; resolves with its exit code. */
export async function runSsh(words: readonly string[], variables: Readonly<Record<string, string | undefined>>): Promise<number> {
  const child = spawn("ssh", words, { stdio: "inherit", env: { ...variables } });
  const ignore = (): void => undefined;
  for (const name of ITS_OWN) process.on(name, ignore);
  const passOn = (signal: NodeJS.Signals): void => void child.kill(signal);
  for (const name of ["SIGTERM", "SIGHUP"] as const) process.on(name, () => passOn(name));
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  child.once("error", (error: NodeJS.ErrnoException) => reject(error.code === "ENOENT" ? missing() : error));
  child.once("exit", (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  return await promise;
}

function missing(): BangerError {
  return new BangerError("unavailable", "program_missing", "cannot use SSH: there is no program ssh on this computer", {
    hint: "sudo apt install openssh-client; banger shell needs none",
  });
}
