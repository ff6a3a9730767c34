import { followLog } from "../../sdk/sdk.ts";
import type { Client, LogPlace, Output, Request } from "../../sdk/sdk.ts";
import type { Run } from "../command.ts";
import { escapeLines, escapeText } from "../../contract/escape-text.ts";
import { jsonLine } from "../../contract/json-line.ts";
import type { Environment } from "../environment.ts";
import { localMoment } from "../local-moment.ts";
import { openDaemon } from "../open-daemon.ts";
import { printJson } from "../print-json.ts";
import { print } from "../print.ts";
import { UsageError } from "../usage-error.ts";
import { whenReplaced, wordsToFollow } from "../when-replaced.ts";

type LogsRequest = Request<"vm.logs">;
type Part = Output<"vm.logs">;

/** The code of a program that Ctrl-C ended. */
const INTERRUPTED = 130;
/** Of a log since a moment there may be much: it is fetched piece by piece. */
const PIECE = "1M";
/** More than any log has; a guest may write its own faster than anybody reads. */
const MOST_PIECES = 4096;

/** Before a newline: each terminal that a line went through may have added one. */
const MOST_RETURNS = 8;

/** `banger logs` */
export const logs: Run = async ({ given, json }, environment) => {
  const { follow: isFollowed, since, ...rest } = given as LogsRequest & { follow?: boolean };
  const request: LogsRequest = since === undefined ? rest : { ...rest, since: localMoment(since) };
  const ways = ["from", "cursor", since === undefined ? "tail" : "since"].filter((name) => name in request);
  if (ways.length > 1) throw new UsageError(`--${ways.join(" and --")} exclude each other: each says where to begin`);
  const client = openDaemon(environment);
  return isFollowed === true ? followLogs(client, request, json, environment) : showLogs(client, request, json, environment);
};

/** `banger vm follow` */
export const follow: Run = (invocation, environment) => logs({ ...invocation, given: { ...invocation.given, follow: true } }, environment);

async function showLogs(client: Client, request: LogsRequest, json: boolean, { stdout }: Environment): Promise<number> {
  const shown = new ShownText();
  const show = (part: Part): void => print(stdout.descriptor, json ? jsonLine(part) : shown.next(part.text));
  let part = await client.call("vm.logs", request);
  show(part);
  const isAll = request.since !== undefined && request.tail === undefined && request.bytes === undefined && !json;
  const first = part;
  let place = isAll ? placeBehind(part, first) : undefined;
  for (let pieces = 0; place !== undefined && pieces < MOST_PIECES; pieces += 1) {
    const { vm, source } = request;
    const before = part;
    part = await client.call("vm.logs", { vm, ...(source === undefined ? {} : { source }), ...place, bytes: PIECE });
    show(part);
    // A guest that says twice where it is says nothing new.
    const hasMoved = part.source !== "guest" || before.source !== "guest" || part.cursor !== before.cursor;
    place = hasMoved ? placeBehind(part, first) : undefined;
  }
  if (!json) print(stdout.descriptor, shown.end());
  return 0;
}

/** Where to go on behind a part, as far as the log went when the first was asked for: a guest may write faster than anybody reads. */
function placeBehind(part: Part, first: Part): LogPlace | undefined {
  if (part.source === "guest") return part.hasMore && part.cursor !== null ? { cursor: part.cursor } : undefined;
  const hasGrown = part.endOffset > part.offset;
  return first.source !== "guest" && hasGrown && part.endOffset < first.logEndOffset ? { from: part.endOffset } : undefined;
}

async function followLogs(client: Client, request: LogsRequest, json: boolean, environment: Environment): Promise<number> {
  const { stdout, stderr } = environment;
  const shown = new ShownText();
  process.on("SIGINT", () => process.exit(INTERRUPTED));
  const { vm, source, bytes } = request;
  const goOn = (place: LogPlace): LogsRequest => {
    const { from, cursor } = place;
    return { vm, source, bytes, ...(from === undefined ? {} : { from }), ...(cursor === undefined ? {} : { cursor }) };
  };
  let place: LogPlace = {};
  try {
    for await (const line of followLog((last) => client.openLog(last === undefined ? request : goOn(last)))) {
      if (json) printJson(stdout.descriptor, line);
      else if ("ended" in line) {
        print(stdout.descriptor, shown.end());
        print(stderr.descriptor, `vm ${escapeText(line.name)} is ${line.ended}: its log ends here\n`);
      } else {
        const next = place.from ?? request.from;
        if (line.source !== "guest" && next !== undefined && line.offset > next)
          print(stderr.descriptor, `note: ${line.offset - next} bytes were gone before they could be read\n`);
        print(stdout.descriptor, shown.next(line.text));
      }
      if ("source" in line) place = line.source === "guest" ? { cursor: line.cursor ?? undefined } : { from: line.endOffset };
    }
  } catch (error) {
    throw whenReplaced(error, wordsToFollow(vm, source, place));
  }
  return 0;
}

/** Text in pieces, escaped as if it came at once. */
class ShownText {
  #held = "";
  #isLineOpen = false;

  next(text: string): string {
    const whole = this.#held + text;
    // Whether a carriage return ends a line, the next piece tells.
    let end = whole.length;
    while (whole[end - 1] === "\r" && whole.length - end < MOST_RETURNS) end -= 1;
    this.#held = whole.slice(end);
    return this.#show(whole.slice(0, end));
  }

  /** What was held back, and the end of a line that has none. */
  end(): string {
    const rest = this.#show(this.#held);
    return this.#isLineOpen ? `${rest}\n` : rest;
  }

  #show(text: string): string {
    if (text !== "") this.#isLineOpen = !text.endsWith("\n");
    return escapeLines(text);
  }
}
