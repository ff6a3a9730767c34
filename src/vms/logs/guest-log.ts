/**
 * The guest's own system log. It is the guest's to keep: systemd's journal, or a file that some syslog writes. It is read by commands
 * in the guest, goes on behind a cursor, and ends with the guest.
 */
import { runCommand, watchCommand, type Agent } from "../../agent/agent.ts";
import { BangerError } from "../../contract/errors.ts";
import type { ExecSpec } from "../../contract/frames.ts";
import type { GuestLogPart } from "../../contract/schemas/log.ts";
import type { Clock } from "../../system/system.ts";
import { isFromPlace, journal, LOG_FILES, MAX_OUTPUT_BYTES, plainFile, type GuestLog } from "./guest-log-formats.ts";
import type { LogVm } from "./logs.ts";
import type { LogRequest } from "./log-request.ts";
import { takeLines, type CursorLine } from "./take-lines.ts";

/** After a connection that broke, and until there is a journal. */
const PAUSE_MS = 500;

/** Says which log there is: `journal`, a file, or nothing. */
const LOOK = `if command -v journalctl >/dev/null 2>&1; then
  for file in /run/log/journal/*/*.journal /var/log/journal/*/*.journal; do [ -e "$file" ] && echo journal && exit; done
fi
for file in ${LOG_FILES.join(" ")}; do [ -s "$file" ] && echo "$file" && exit; done
echo none`;

/** The log's last lines, or those behind the cursor. */
export async function readGuestLog(vm: LogVm, request: LogRequest, clock: Clock, signal: AbortSignal): Promise<GuestLogPart> {
  const agent = await vm.agent(signal);
  const log = await findGuestLog(agent, vm, request, clock, signal);
  const argv = log.command(request, request.cursor, false);
  const { stdout } = await runCommand(await agent.openExec(signal), specOf(vm, argv), { maxOutputBytes: MAX_OUTPUT_BYTES });
  const fromPlace = isFromPlace(request, request.cursor);
  const isCut = fromPlace && stdout.length >= MAX_OUTPUT_BYTES;
  const mostBytes = request.tail === undefined ? request.bytes : MAX_OUTPUT_BYTES;
  const { taken, hasMore } = takeLines(stdout, (line) => log.parse(line), mostBytes, fromPlace ? "first" : "last", isCut);
  return { ...partOf(taken, request.cursor), hasMore: fromPlace && hasMore };
}

/** The same, and then lines as they come, until the vm has stopped. */
export async function* followGuestLog(vm: LogVm, request: LogRequest, clock: Clock, signal: AbortSignal): AsyncGenerator<GuestLogPart> {
  let { cursor } = request;
  while (vm.ended === undefined) {
    signal.throwIfAborted();
    try {
      const agent = await vm.agent(signal);
      const log = await findGuestLog(agent, vm, request, clock, signal);
      for await (const lines of watchCommand(await agent.openExec(signal), specOf(vm, log.command(request, cursor, true)))) {
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
      if (!isPassing(error, vm)) throw error;
    }
    // The guest goes down, or only the connection to it broke: the next round knows.
    await Promise.race([vm.moved, clock.sleep(PAUSE_MS, signal)]);
  }
}

function partOf(lines: readonly CursorLine[], before: string | undefined): GuestLogPart {
  return { source: "guest", text: lines.map(({ text }) => text).join(""), cursor: lines.at(-1)?.cursor ?? before ?? null, hasMore: false };
}

/** Whether it will be otherwise: the connection broke, or systemd is not that far. */
function isPassing(error: unknown, { record }: LogVm): boolean {
  if (!(error instanceof BangerError) || error.code === "guest_garbled") return false;
  if (error.code === "no_guest_log") return record.plan.init === "systemd";
  return error.kind === "unavailable" || error.code === "vm_not_running";
}

async function findGuestLog(agent: Agent, vm: LogVm, request: LogRequest, clock: Clock, signal: AbortSignal): Promise<GuestLog> {
  const { name } = vm.record;
  if (request.from !== undefined) {
    throw new BangerError("invalid", "log_of_bytes", "cannot read the guest's log by offset: it goes on behind a cursor", {
      hint: `banger logs ${name} --source guest --json shows one`,
    });
  }
  const { stdout } = await runCommand(await agent.openExec(signal), specOf(vm, ["sh", "-c", LOOK]));
  const found = stdout.toString("utf8").trim();
  if (found === "journal") return journal(clock);
  if (LOG_FILES.includes(found)) return plainFile(found);
  throw noGuestLog(vm);
}

/** As root, who may read it, whatever the image says. */
function specOf({ record: { plan } }: LogVm, argv: readonly string[]): ExecSpec {
  return { argv, env: {}, cwd: "/", ...(plan.commands.user === "" ? {} : { user: "root" }) };
}

function noGuestLog({ record: { name, plan } }: LogVm): BangerError {
  const cannot = `cannot read the guest's own log of vm ${name}`;
  return plan.init === "systemd"
    ? new BangerError("unsupported", "no_guest_log", `${cannot}: systemd keeps none yet`, {
        hint: `banger logs ${name} --source guest -f, which waits for it`,
      })
    : new BangerError(
        "unsupported",
        "no_guest_log",
        `${cannot}: it keeps none. There is no journal of systemd, no ${LOG_FILES.join(" and no ")}`,
        { hint: `banger logs ${name}, for the console; a vm made with --init systemd has a journal` },
      );
}
