import { VERSION } from "../contract/version.ts";
import type { Invocation } from "./command.ts";
import { COMMANDS } from "./command-table.ts";
import type { Environment } from "./environment.ts";
import { findCommand } from "./find-command.ts";
import { parseArguments } from "./parse-arguments.ts";
import { print } from "./print.ts";
import { showFailure } from "./show-failure.ts";

const HELP: ReadonlySet<string | undefined> = new Set(["help", "--help", "-h"]);

/** Does what the words say; resolves with the exit code. */
export async function runCli(argv: readonly string[], environment: Environment): Promise<number> {
  let invocation: Invocation | undefined;
  try {
    if (argv.length === 0 || HELP.has(argv[0])) return await help(argv.slice(1), environment);
    if (argv[0] === "--version") {
      print(environment.stdout.descriptor, `banger ${VERSION}\n`);
      return 0;
    }
    const found = findCommand(COMMANDS, argv);
    if (found === undefined) return await help(argv, environment);
    const { command } = found;
    invocation = { command, given: {}, repeated: [], rest: [], json: found.rest.includes("--json"), wantsHelp: false };
    invocation = { command, ...parseArguments(command, found.rest) };
    if (invocation.wantsHelp) return await help(command.words, environment);
    const run = await command.load();
    return await run(invocation, environment);
  } catch (error) {
    return showFailure(error, invocation, environment);
  }
}

async function help(words: readonly string[], { stdout }: Environment): Promise<number> {
  const { helpOfAll, helpOfCommand, helpOfNoun } = await import("./help.ts");
  const found = words.length === 0 ? undefined : findCommand(COMMANDS, words);
  if (found !== undefined) print(stdout.descriptor, helpOfCommand(found.command));
  else print(stdout.descriptor, words.length === 0 ? helpOfAll(COMMANDS) : helpOfNoun(COMMANDS, words[0] ?? ""));
  return 0;
}
