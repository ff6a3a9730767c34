import { jsonLine } from "../contract/json-line.ts";
import { VERSION } from "../contract/version.ts";
import type { Invocation } from "./command.ts";
import { COMMANDS } from "./command-table.ts";
import type { Environment } from "./environment.ts";
import { findCommand } from "./find-command.ts";
import { StdinIsSocket } from "./input-path.ts";
import { parseArguments } from "./parse-arguments.ts";
import { print } from "./print.ts";
import { showFailure } from "./show-failure.ts";

const HELP: ReadonlySet<string | undefined> = new Set(["help", "--help", "-h"]);

const JSON_FLAG = "--json";

/** Does what the words say; resolves with the exit code. */
export async function runCli(argv: readonly string[], environment: Environment): Promise<number> {
  // It is of every command, so it may stand before the command, too.
  const isFirst = argv[0] === JSON_FLAG;
  const words = isFirst ? argv.slice(1) : argv;
  let asked: Parameters<typeof showFailure>[1] = { json: argv.includes(JSON_FLAG) };
  try {
    if (words.length === 0 || HELP.has(words[0])) return await help(words.slice(1), asked.json, environment);
    if (words[0] === "--version") {
      print(environment.stdout.descriptor, asked.json ? jsonLine({ version: VERSION }) : `banger ${VERSION}\n`);
      return 0;
    }
    const found = findCommand(COMMANDS, words);
    if (found === undefined) return await help(words, asked.json, environment);
    const { command, rest } = found;
    const json = isFirst || rest.includes(JSON_FLAG);
    asked = { command, json };
    const parsed = parseArguments(command, rest);
    if (parsed.wantsHelp) return await help(command.words, json, environment);
    const invocation: Invocation = { command, ...parsed, json: isFirst || parsed.json };
    asked = invocation;
    const run = await command.load();
    return await run(invocation, environment);
  } catch (error) {
    if (error instanceof StdinIsSocket)
      return (await import("./through-a-pipe.ts")).runThroughPipe([...environment.self, ...argv], environment.variables);
    return showFailure(error, asked, environment);
  }
}

async function help(argv: readonly string[], json: boolean, { stdout }: Environment): Promise<number> {
  const { helpOfAll, helpOfCommand, helpOfNoun } = await import("./help.ts");
  const words = argv.filter((word) => word !== JSON_FLAG);
  const found = words.length === 0 ? undefined : findCommand(COMMANDS, words);
  const ofMany = words.length === 0 ? helpOfAll(COMMANDS) : helpOfNoun(COMMANDS, words[0] ?? "");
  const text = found === undefined ? ofMany : helpOfCommand(found.command);
  print(stdout.descriptor, json ? jsonLine({ help: text }) : text);
  return 0;
}
