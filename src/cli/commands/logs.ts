import { followLog } from "../../sdk/sdk.ts";
import type { Client, LogPlace, Output, Request } from "../../sdk/sdk.ts";
import type { Run } from "../command.ts";
import { escapeLines, escapeText } from "../../contract/escape-text.ts";
import { jsonLine } from "../../contract/json-line.ts";
import type { Environment } from "../environment.ts";
import { openDaemon } from "../open-daemon.ts";
import { printJson } from "../print-json.ts";
import { print } from "../print.ts";
import { UsageError } from "../usage-error.ts";
import { whenReplaced, wordsToFollow } from "../when-replaced.ts";

type LogsRequest = Request<"vm.logs">;

/** The code of a program that Ctrl-C ended. */
const INTERRUPTED = 130;
/** Of a log since a moment there may be much: it is fetched piece by piece. */
const PIECE = "1M";

/** `banger logs` */
export const logs: Run = async ({ given, json }, environment) => {
  const { follow: isFollowed, ...request } = given as LogsRequest & { follow?: boolean };
  const ways = ["from", "cursor", "since", "tail"].filter((name) => name in request);
  if (ways.length > 1) throw new UsageError(`--${ways.join(" and --")} exclude each other: each says where to begin`);
  const client = openDaemon(environment);
  return isFollowed === true ? followLogs(client, request, json, environment) : showLogs(client, request, json, environment);
};

/** `banger vm follow` */
export const follow: Run = (invocation, environment) => logs({ ...invocation, given: { ...invocation.given, follow: true } }, environment);

async function showLogs(client: Client, request: LogsRequest, json: boolean, { stdout }: Environment): Promise<number> {
  const shown = new ShownText();
  const show = (part: Output<"vm.logs">): void => print(stdout.descriptor, json ? jsonLine(part) : shown.next(part.text));
  let part = await client.call("vm.logs", request);
  show(part);
  const isAll = request.since !== undefined && request.bytes === undefined && !json;
  // As far as it went when it was asked for: a guest may write faster than anybody reads.
  for (const end = part; isAll && end.source !== "guest" && part.source !== "guest" && part.endOffset < end.logEndOffset;) {
    const { vm, source } = request;
    const before = part.endOffset;
    part = await client.call("vm.logs", { vm, ...(source === undefined ? {} : { source }), from: before, bytes: PIECE });
    show(part);
    if (part.source === "guest" || part.endOffset === before) break;
  }
  if (!json) print(stdout.descriptor, shown.end());
  return 0;
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
        print(stderr.descriptor, `vm ${escapeText(vm)} is ${line.ended}: its log ends here\n`);
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
    this.#held = whole.endsWith("\r") ? "\r" : "";
    return this.#show(this.#held === "" ? whole : whole.slice(0, -1));
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
