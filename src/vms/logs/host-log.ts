/** Logs on the host as parts of text, read once or followed. */
import type { HostLogPart } from "../../contract/schemas/log.ts";
import type { System } from "../../system/system.ts";
import { agentLines } from "./agent-lines.ts";
import { cutOf } from "./cut-text.ts";
import { followBytes, type LoggedVm } from "./follow-bytes.ts";
import { lastLines, pathOfLog, startOf, type HostSource, type LogRequest } from "./log-request.ts";
import { readBytes, type LogBytes } from "./read-bytes.ts";

type HostRequest = LogRequest & { readonly source: HostSource };

/** How much is read when a request says where to begin by lines, and the agent's are few. */
const LARGE_BYTES = 4 * 2 ** 20;

/** One part. */
export async function readHostLog(vm: LoggedVm, request: HostRequest, { files, layout, clock }: System): Promise<HostLogPart> {
  const path = pathOfLog(layout, vm.id, request.source);
  const start = await startOf(request, path, files, clock);
  const isByLines =
    request.from === undefined && (request.tail !== undefined || (request.since === undefined && request.source === "agent"));
  const read = await readBytes(files, path, start, isByLines ? LARGE_BYTES : request.bytes);
  const { part } = toPart(request.source, read, vm.ended !== undefined || isByLines);
  return request.source === "agent" && isByLines ? { ...part, text: lastText(part.text, request.tail) } : part;
}

/** Parts as they come, until the vm has stopped. */
export async function* followHostLog(vm: LoggedVm, request: HostRequest, system: System, signal: AbortSignal): AsyncGenerator<HostLogPart> {
  const { files, layout, clock } = system;
  const path = pathOfLog(layout, vm.id, request.source);
  let isFirst = request.from === undefined;
  let rest: LogBytes | undefined;
  for await (const read of followBytes(vm, path, await startOf(request, path, files, clock), files, signal)) {
    const whole = joined(rest, read);
    const { part, taken } = toPart(request.source, whole, read.isLast);
    rest =
      taken === whole.bytes.length
        ? undefined
        : { ...whole, bytes: Buffer.from(whole.bytes.subarray(taken)), offset: whole.offset + taken };
    if (part.endOffset === part.offset) continue;
    yield isFirst && request.source === "agent" ? { ...part, text: lastText(part.text, request.tail) } : part;
    isFirst = false;
  }
}

/** What was left of a part, and the next. */
function joined(rest: LogBytes | undefined, next: LogBytes): LogBytes {
  if (rest === undefined || rest.offset + rest.bytes.length !== next.offset) return next;
  return { ...next, bytes: Buffer.concat([rest.bytes, next.bytes]), offset: rest.offset };
}

function toPart(source: HostSource, read: LogBytes, isLast: boolean): { readonly part: HostLogPart; readonly taken: number } {
  const { bytes, ...where } = read;
  const { text, taken } = source === "agent" ? agentLines(bytes, isLast) : wholeText(bytes, isLast);
  return { taken, part: { source, text, ...where, endOffset: where.offset + taken } };
}

function wholeText(bytes: Buffer, isLast: boolean): ReturnType<typeof agentLines> {
  const taken = isLast ? bytes.length : cutOf(bytes);
  return { text: bytes.toString("utf8", 0, taken), taken };
}

function lastText(text: string, lines: number | undefined): string {
  const bytes = Buffer.from(text);
  if (lines === undefined) return text;
  return lines === 0 ? "" : bytes.toString("utf8", lastLines(bytes, lines));
}
