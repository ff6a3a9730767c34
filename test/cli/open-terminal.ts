import { openTerminal as openShell, type Terminal } from "../support/terminal.ts";
import type { Home } from "./home.ts";

export { AROUND, modes } from "../support/terminal.ts";

/** A shell in a terminal, in which `"$@"` is the banger of a home. */
export function openTerminal(home: Home, line: string, size?: { readonly cols: number; readonly rows: number }): Terminal {
  return openShell(line, home.program, home.variables, size);
}
