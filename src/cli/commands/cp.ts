import { dirname } from "node:path";
import { BangerError, EXIT } from "../../contract/errors.ts";
import type { CopyOptions, CopyProblem, CopyResult } from "../../sdk/sdk.ts";
import type { Run } from "../command.ts";
import { readCopyPlaces, type CopyPlaces } from "../copy-places.ts";
import { makeCopyProgress } from "../copy-progress.ts";
import type { Environment } from "../environment.ts";
import { escapeText } from "../../contract/escape-text.ts";
import { formatBytes, formatMs } from "../format.ts";
import { codeOfSignal, InterruptedError, INTERRUPTS, type Interrupt } from "../interrupted.ts";
import { openDaemon } from "../open-daemon.ts";
import { print } from "../print.ts";
import { shellWord } from "../shell-word.ts";
import { UsageError } from "../usage-error.ts";

/** Of a tree full of problems the rest is only counted. */
const MOST_PROBLEMS = 1000;

/** `banger cp` */
export const cp: Run = async ({ given, repeated, json }, environment) => {
  const places = readCopyPlaces(repeated, String(given["destination"]));
  const { resume, checksum, follow, owner } = given as Pick<CopyOptions, "resume" | "checksum" | "follow" | "owner">;
  if (owner !== undefined && places.direction === "out")
    throw new UsageError("--owner is for what is copied into a vm: what comes out of it belongs to you");

  const startedMs = performance.now();
  const problems: CopyProblem[] = [];
  const { stderr, stdout } = environment;
  const result = await copyWithProgress(places, { resume, checksum, follow, owner }, problems, json, environment);
  const elapsedMs = Math.round(performance.now() - startedMs);
  if (json) print(stdout.descriptor, `${JSON.stringify({ ...result, problems, problemCount: result.problems, elapsedMs })}\n`);
  else {
    const more = result.problems - problems.length;
    if (more > 0) print(stderr.descriptor, `and ${more} more\n`);
    print(stdout.descriptor, `${summaryOf(result, elapsedMs)}\n`);
  }
  return result.problems === 0 ? EXIT.done : EXIT.failed;
};

async function copyWithProgress(
  { direction, vm, from, to }: CopyPlaces,
  wishes: { readonly [Wish in "resume" | "checksum" | "follow" | "owner"]: CopyOptions[Wish] | undefined },
  problems: CopyProblem[],
  json: boolean,
  environment: Environment,
): Promise<CopyResult> {
  const interrupted = new AbortController();
  let asked: Interrupt | undefined;
  const listeners = INTERRUPTS.map((signal) => {
    const interrupt = (): void => {
      if (asked !== undefined) process.exit(codeOfSignal(signal));
      asked = signal;
      interrupted.abort();
    };
    process.on(signal, interrupt);
    return () => process.off(signal, interrupt);
  });
  using progress = makeCopyProgress(environment.stderr.descriptor, environment.stderr.isTerminal && !json);
  const options: CopyOptions = {
    ...Object.fromEntries(Object.entries(wishes).filter(([, value]) => value !== undefined)),
    signal: interrupted.signal,
    onProgress: (counts) => progress.tell(counts),
    onProblem: (problem) => {
      if (problems.length >= MOST_PROBLEMS) return;
      problems.push(problem);
      if (!json) progress.say(`problem: ${escapeText(problem.path)}: ${escapeText(problem.message)}${whyNotFound(problem)}`);
    },
  };
  try {
    const client = openDaemon(environment);
    return await (direction === "in" ? client.copyIn(vm, from, to, options) : client.copyOut(vm, from, to, options));
  } catch (error) {
    const hinted = withHint(error, { direction, vm, to, from }, wishes.owner);
    throw asked !== undefined && hinted instanceof BangerError && hinted.kind === "cancelled"
      ? new InterruptedError(hinted, asked)
      : hinted;
  } finally {
    for (const stop of listeners) stop();
  }
}

/** A word of the command line is text: bytes that are none were lost before anybody saw them. */
function whyNotFound({ code, path }: CopyProblem): string {
  const isCut = code === "not_found" && path.includes("\uFFFD");
  return isCut ? "; what has a name that is not UTF-8 is copied with the folder that it lies in" : "";
}

function withHint(error: unknown, places: CopyPlaces, owner: string | undefined): unknown {
  if (!(error instanceof BangerError)) return error;
  const hint = hintOf(error.code, places, owner);
  return hint === undefined ? error : new BangerError(error.kind, error.code, error.message, { hint, cause: error });
}

function hintOf(code: string, { direction, vm, from, to }: CopyPlaces, owner: string | undefined): string | undefined {
  switch (code) {
    // What is cut off can be gone on with.
    case "copy_cancelled":
    case "copy_no_space":
      return "what arrived is kept: repeat the copy with --resume";
    case "copy_not_found": {
      // Typed by habit; no shell of the guest reads it.
      if (direction === "in" && /^~(\/|$)/.test(to)) return `DST without the ~, which is no more than a name there: ${vm}:${to.slice(2)}`;
      // It begins at the owner's home, where no command of ours begins.
      if (owner !== undefined && !to.startsWith("/")) return undefined;
      const folder = from.length > 1 || to.endsWith("/") ? to : dirname(to);
      const words = `mkdir -p ${shellWord(folder.startsWith("-") ? `./${folder}` : folder)}`;
      return direction === "in" ? `banger exec ${vm} -- ${words}` : words;
    }
    case "copy_bad_user":
      return `banger exec ${vm} -- cat /etc/passwd`;
    default:
      return undefined;
  }
}

function summaryOf({ files, unchanged, folders, links, bytes, problems }: CopyResult, elapsedMs: number): string {
  const parts = [
    counted(files, "file"),
    ...(folders === 0 ? [] : [counted(folders, "folder")]),
    ...(links === 0 ? [] : [counted(links, "link")]),
  ];
  const more = [
    ...(unchanged === 0 ? [] : [`${counted(unchanged, "file")} unchanged`]),
    ...(problems === 0 ? [] : [`${counted(problems, "problem")}`]),
  ];
  return [`copied ${parts.join(", ")} (${formatBytes(bytes)}) in ${formatMs(elapsedMs)}`, ...more].join("; ");
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
