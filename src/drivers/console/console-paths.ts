import { basename, dirname, join } from "node:path";

/** Names of a vm's console in its run folder. */
export interface ConsolePaths {
  /** The common beginning of the two pipes' paths. */
  readonly pipes: string;
  /** What the VMM reads: what is typed to the guest. */
  readonly input: string;
  /** What the VMM writes: what the guest says. */
  readonly output: string;
  /** Where the keeper hears those who type. */
  readonly socket: string;
}

export function consolePaths(runFolder: string): ConsolePaths {
  const pipes = join(runFolder, "console");
  return { pipes, input: `${pipes}.in`, output: `${pipes}.out`, socket: `${pipes}.sock` };
}

const COMMAND = "keep-console";

/** The command of a keeper. Pure. */
export function keeperArguments(agentPath: string, paths: ConsolePaths, logPath: string, maxBytes: number): readonly string[] {
  return [agentPath, COMMAND, "--input", paths.input, "--log", logPath, "--most", String(maxBytes)];
}

/** In the arguments of every keeper. */
export const KEEPER_MARKER = COMMAND;

/** The vm that a keeper belongs to, by its arguments; undefined when it is no keeper. */
export function vmOfKeeper(argv: readonly string[]): string | undefined {
  const input = argv[argv.indexOf("--input") + 1];
  if (argv[1] !== COMMAND || input === undefined || basename(input) !== "console.in") return undefined;
  const vmId = basename(dirname(input));
  return /^[0-9a-f]{1,32}$/.test(vmId) ? vmId : undefined;
}
