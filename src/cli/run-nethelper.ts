import { spawn } from "node:child_process";
import { constants } from "node:os";

/** Runs root's network helper in our place, with nothing of our environment; resolves with its exit code. */
export async function runNethelper([program = "", ...words]: readonly string[]): Promise<number> {
  const child = spawn(program, words, { stdio: "inherit", env: {} });
  // From a terminal both get it, from whoever started us we alone: to be told twice is as once.
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => void child.kill(name));
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  child.once("error", reject);
  child.once("exit", (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  return await promise;
}
