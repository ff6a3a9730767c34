#!/usr/bin/env bun
/** The entry of the command line and, by `banger daemon run`, of the daemon. What most calls do not need is loaded later. */
import { isatty } from "node:tty";
import { VERSION } from "../contract/version.ts";
import type { Environment } from "./environment.ts";
import { print } from "./print.ts";

const argv = process.argv.slice(2);

if (argv.length === 1 && (argv[0] === "version" || argv[0] === "--version")) print(1, `banger ${VERSION}\n`);
else {
  const { runCli } = await import("./run-cli.ts");
  process.exit(await runCli(argv, readEnvironment()));
}

function readEnvironment(): Environment {
  // In a compiled program the entry lies in a file system of the program's own, and the program alone is the command.
  const isCompiled = Bun.main.startsWith("/$bunfs/");
  const terminal = (descriptor: number) => ({ descriptor, isTerminal: isatty(descriptor) });
  return {
    variables: process.env,
    self: isCompiled ? [process.execPath] : [process.execPath, Bun.main],
    stdin: terminal(0),
    stdout: terminal(1),
    stderr: terminal(2),
    hasColour: (process.env["NO_COLOR"] ?? "") === "" && process.env["TERM"] !== "dumb",
    runDaemon: async (readyDescriptor) => {
      const { runDaemon } = await import("../daemon/run-daemon.ts");
      const { wire } = await import("../daemon/wire.ts");
      await runDaemon(readyDescriptor, wire);
    },
  };
}
