import type { ExecSpec } from "../contract/frames.ts";

/** bash where the image has it, else sh; as a login shell, so that the profile is read. */
export const LOGIN_SHELL: readonly string[] = ["sh", "-c", "if command -v bash >/dev/null 2>&1; then exec bash -l; else exec sh -l; fi"];

/** What to run in the guest, of the flags --env, --cwd and --user. */
export function specOf(argv: readonly string[], given: Readonly<Record<string, unknown>>): Omit<ExecSpec, "tty"> {
  const { env, cwd, user } = given as { env?: Readonly<Record<string, string>>; cwd?: string; user?: string };
  return { argv, env: env ?? {}, ...(cwd === undefined ? {} : { cwd }), ...(user === undefined ? {} : { user }) };
}
