/**
 * The guest's own system log. It is the guest's to keep: systemd's journal, or a file that some syslog writes. It is read by commands
 * in the guest, goes on behind a cursor, and ends with the guest.
 */
import { runCommand, watchCommand, type Agent } from "../../agent/agent.ts";
import { BangerError } from "../../contract/errors.ts";
import type { GuestLogPart } from "../../contract/schemas/log.ts";
import type { Clock } from "../../system/system.ts";
import type { LogVm } from "./logs.ts";
import { parseJournalEntry } from "./journal-entry.ts";
import { momentOf, type LogRequest } from "./log-request.ts";

const TAIL_LINES = 200;
const MAX_OUTPUT_BYTES = 16 * 2 ** 20;
/** After a connection that broke. */
const PAUSE_MS = 500;

const FILES: readonly string[] = ["/var/log/syslog", "/var/log/messages"];

/** Says which log there is: `journal`, a file, or nothing. */
const LOOK = `if command -v journalctl >/dev/null 2>&1; then
  for file in /run/log/journal/*/*.journal /var/log/journal/*/*.journal; do [ -e "$file" ] && echo journal && exit; done
fi
for file in ${FILES.join(" ")}; do [ -s "$file" ] && echo "$file" && exit; done
echo none`;

/** A log in the guest: how to ask for it, and what its lines say. */
interface GuestLog {
  command(request: LogRequest, cursor: string | undefined, follow: boolean): readonly string[];
  /** Undefined for a line that says nothing. */
  parse(line: string): { readonly text: string; readonly cursor: string } | undefined;
}

/** The log's last lines, or those behind the cursor. */
export async function readGuestLog(
  agent: Agent,
  name: string,
  request: LogRequest,
  clock: Clock,
  signal: AbortSignal,
): Promise<GuestLogPart> {
  const log = await findGuestLog(agent, name, request, clock, signal);
  const argv = log.command(request, request.cursor, false);
  const { stdout } = await runCommand(await agent.openExec(signal), { argv, env: {} }, { maxOutputBytes: MAX_OUTPUT_BYTES });
  const lines = stdout
    .toString("utf8")
    .split("\n")
    .flatMap((line) => log.parse(line) ?? []);
  return partOf(lines, request.cursor);
}

/** The same, and then lines as they come, until the vm has stopped. */
export async function* followGuestLog(vm: LogVm, request: LogRequest, clock: Clock, signal: AbortSignal): AsyncGenerator<GuestLogPart> {
  let { cursor } = request;
  while (vm.ended === undefined) {
    signal.throwIfAborted();
    try {
      const agent = await vm.agent(signal);
      const log = await findGuestLog(agent, vm.record.name, request, clock, signal);
      for await (const lines of watchCommand(await agent.openExec(signal), { argv: log.command(request, cursor, true), env: {} })) {
        const part = partOf(
          lines.flatMap((line) => log.parse(line) ?? []),
          cursor,
        );
        if (part.text === "") continue;
        cursor = part.cursor ?? undefined;
        yield part;
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!isBroken(error)) throw error;
    }
    // The guest goes down, or only the connection to it broke: the next round knows.
    await Promise.race([vm.moved, clock.sleep(PAUSE_MS, signal)]);
  }
}

function partOf(lines: readonly { readonly text: string; readonly cursor: string }[], before: string | undefined): GuestLogPart {
  return { source: "guest", text: lines.map(({ text }) => text).join(""), cursor: lines.at(-1)?.cursor ?? before ?? null };
}

function isBroken(error: unknown): boolean {
  if (!(error instanceof BangerError) || error.code === "guest_garbled") return false;
  return error.kind === "unavailable" || error.code === "vm_not_running";
}

async function findGuestLog(agent: Agent, name: string, request: LogRequest, clock: Clock, signal: AbortSignal): Promise<GuestLog> {
  if (request.from !== undefined) {
    throw new BangerError("invalid", "log_of_bytes", "cannot read the guest's log by offset: it goes on behind a cursor", {
      hint: `banger logs ${name} --source guest --json shows one`,
    });
  }
  const { stdout } = await runCommand(await agent.openExec(signal), { argv: ["sh", "-c", LOOK], env: {} });
  const found = stdout.toString("utf8").trim();
  if (found === "journal") return journal(clock);
  if (FILES.includes(found)) return plainFile(found);
  throw new BangerError(
    "unsupported",
    "no_guest_log",
    `cannot read the guest's own log of vm ${name}: it keeps none. There is no journal of systemd, no /var/log/syslog and no /var/log/messages`,
    { hint: `banger logs ${name}, for the console; a vm made with --init systemd has a journal` },
  );
}

function journal(clock: Clock): GuestLog {
  const command: GuestLog["command"] = ({ since, tail }, cursor, follow) => [
    ...["journalctl", "--quiet", "--no-pager", "--output=json", "--output-fields=MESSAGE,SYSLOG_IDENTIFIER,_COMM,_PID"],
    ...(follow ? ["--follow"] : []),
    ...(cursor !== undefined
      ? [`--after-cursor=${cursor}`, ...(follow ? ["--no-tail"] : [])]
      : since !== undefined && tail === undefined
        ? [`--since=@${(momentOf(since, clock) / 1000).toFixed(3)}`, ...(follow ? ["--no-tail"] : [])]
        : [`--lines=${tail ?? TAIL_LINES}`]),
  ];
  return { command, parse: parseJournalEntry };
}

/** Its cursor is the file and the number of the last line. */
function plainFile(path: string): GuestLog {
  const numbered = /^(?<number>\d{1,15}) (?<text>.*)$/s;
  return {
    command: ({ since, tail }, cursor, follow) => {
      if (since !== undefined) {
        throw new BangerError("invalid", "log_without_times", `cannot read ${path} of the guest since a moment: its lines are not parsed`, {
          hint: "--tail 100",
        });
      }
      const last = cursor?.startsWith(`${path}:`) === true ? Number(cursor.slice(path.length + 1)) : undefined;
      const from =
        last !== undefined && Number.isSafeInteger(last)
          ? `first=${last + 1}`
          : `first=$(($(wc -l < "$1") - ${tail ?? TAIL_LINES} + 1)); [ $first -ge 1 ] || first=1`;
      // Counted in the guest: what is printed carries its number.
      const script = `${from}; tail -n "+$first" ${follow ? "-F" : ""} "$1" 2>/dev/null | while IFS= read -r line; do echo "$first $line"; first=$((first + 1)); done`;
      return ["sh", "-c", script, "sh", path];
    },
    parse: (line) => {
      const { number, text } = numbered.exec(line)?.groups ?? {};
      return number === undefined ? undefined : { cursor: `${path}:${number}`, text: `${text ?? ""}\n` };
    },
  };
}
