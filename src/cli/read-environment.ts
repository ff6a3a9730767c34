import type { Environment, Terminal } from "./environment.ts";

/** What the process tells of where it runs. */
export function readEnvironment(variables: Environment["variables"]): Omit<Environment, "runDaemon" | "openLocalWork"> {
  // In a compiled program the entry lies in a file system of the program's own, and the program alone is the command.
  const isCompiled = Bun.main.startsWith("/$bunfs/");
  return {
    variables,
    self: isCompiled ? [process.execPath] : [process.execPath, Bun.main],
    stdin: terminal(0),
    stdout: terminal(1),
    stderr: terminal(2),
    hasColour: (variables["NO_COLOR"] ?? "") === "" && variables["TERM"] !== "dumb",
  };
}

function terminal(descriptor: number): Terminal {
  return {
    descriptor,
    get isTerminal() {
      // Loaded only when somebody asks: it takes a fifth of the time of `banger ps`.
      return process.getBuiltinModule("node:tty").isatty(descriptor);
    },
  };
}
