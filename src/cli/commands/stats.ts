import { setTimeout as sleep } from "node:timers/promises";
import { BangerError, EXIT } from "../../contract/errors.ts";
import { parseDuration } from "../../contract/sizes.ts";
import type { Client } from "../../sdk/sdk.ts";
import type { Run } from "../command.ts";
import type { Environment } from "../environment.ts";
import { openDaemon } from "../open-daemon.ts";
import { openScreen } from "../open-screen.ts";
import { print } from "../print.ts";
import { showStats, showStatsLines, showStatsNotes } from "../show/stats.ts";
import { rate, type Rated, type Sample } from "../stats-rates.ts";
import { UsageError } from "../usage-error.ts";

const LEAST_INTERVAL_MS = 100;

/** `banger stats`: two samples and what lies between them; with -w one more at each interval, until Ctrl-C. */
export const stats: Run = async ({ given, repeated, json }, environment) => {
  const intervalMs = parseDuration(String(given["interval"] ?? "1s")) ?? 0;
  if (intervalMs < LEAST_INTERVAL_MS) throw new UsageError(`--interval is at least ${LEAST_INTERVAL_MS}ms`);
  const vm = given["vm"];
  const names = repeated.length > 0 ? [...new Set(repeated)] : typeof vm === "string" ? [vm] : undefined;
  const over = new AbortController();
  const interrupt = (): void => over.abort();
  process.on("SIGINT", interrupt);
  try {
    const rounds = sample(openDaemon(environment), names, intervalMs, over.signal);
    if (given["watch"] === true) await watch(rounds, json, environment);
    else await showOnce(rounds, json, environment);
    return EXIT.done;
  } catch (error) {
    // Who watches has no other way to end it, so that is no failure.
    if (over.signal.aborted) return given["watch"] === true ? EXIT.done : INTERRUPTED;
    throw error;
  } finally {
    process.off("SIGINT", interrupt);
  }
};

/** The code of a program that Ctrl-C ended. */
const INTERRUPTED = 130;

type Rounds = AsyncGenerator<readonly Rated[], never>;

/** Samples for ever. In the first round nothing can be said of what happened before. */
async function* sample(client: Client, names: readonly string[] | undefined, intervalMs: number, signal: AbortSignal): Rounds {
  let before = await ask(client, names, signal, "all there");
  yield rate([], before);
  for (;;) {
    await sleep(intervalMs, undefined, { signal });
    // By id: a vm is followed through being renamed, and not taken for another that gets its name.
    const refs = names === undefined ? undefined : before.map(({ id }) => id);
    const now = await ask(client, refs, signal, "some gone");
    yield rate(before, now);
    before = now;
  }
}

/** With `some gone` those that are not there any more are left out; when all are, that is told as the failure that it then is. */
async function ask(
  client: Client,
  refs: readonly string[] | undefined,
  signal: AbortSignal,
  expected: "all there" | "some gone",
): Promise<readonly Sample[]> {
  if (refs === undefined) return (await client.call("vm.stats", {}, { signal })).vms;
  const answers = await Promise.allSettled(refs.map((vm) => client.call("vm.stats", { vm }, { signal })));
  const found = answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value.vms : []));
  const mayBeGone = expected === "some gone" && found.length > 0;
  for (const answer of answers) if (answer.status === "rejected" && !(mayBeGone && isGone(answer.reason))) throw answer.reason;
  return found;
}

function isGone(reason: unknown): boolean {
  return reason instanceof BangerError && reason.code === "vm_not_found";
}

async function showOnce(rounds: Rounds, json: boolean, { stdout }: Environment): Promise<void> {
  await rounds.next();
  const { value: vms } = await rounds.next();
  print(stdout.descriptor, json ? documentOf(vms) : `${await showStats(vms)}${showStatsNotes(vms)}`);
}

async function watch(rounds: Rounds, json: boolean, { stdout }: Environment): Promise<void> {
  if (stdout.isTerminal && !json) return watchOnScreen(rounds, stdout.descriptor);
  await rounds.next();
  let isFirst = true;
  for await (const vms of rounds) {
    print(stdout.descriptor, json ? documentOf(vms) : await showStatsLines(vms, isFirst));
    isFirst = false;
  }
}

async function watchOnScreen(rounds: Rounds, descriptor: number): Promise<void> {
  let last = "";
  try {
    using screen = openScreen(descriptor);
    for await (const vms of rounds) {
      last = `${await showStats(vms, Infinity)}${showStatsNotes(vms)}`;
      screen.draw(last.trimEnd().split("\n"));
    }
  } finally {
    // What was seen last stays to be read.
    print(descriptor, last);
  }
}

function documentOf(vms: readonly Rated[]): string {
  return `${JSON.stringify({ atMs: Date.now(), vms })}\n`;
}
