import type { OperationEvent } from "../contract/events.ts";
import { fromErrorShape } from "../contract/errors.ts";
import type { Client } from "../sdk/sdk.ts";
import type { Invocation } from "./command.ts";
import type { Environment } from "./environment.ts";
import { escapeText } from "../contract/escape-text.ts";
import { formatMs } from "./format.ts";
import { print } from "./print.ts";
import { printJson } from "./print-json.ts";

/** `banger operation events`: one line an event, to the outcome; with --json one JSON document a line. */
export async function followEvents(client: Client, { given, json }: Invocation, { stdout }: Environment): Promise<number> {
  for await (const event of client.events(String(given["operation"]), given["from"] as number | undefined)) {
    if (json) printJson(stdout.descriptor, event);
    else print(stdout.descriptor, `${event.seq}  ${textOf(event)}\n`);
    if (event.type === "outcome" && !event.ok) throw fromErrorShape(event.error);
  }
  return 0;
}

function textOf(event: OperationEvent): string {
  switch (event.type) {
    case "stage-started":
      return `${escapeText(event.stage)} began`;
    case "stage-finished":
      return `${escapeText(event.stage)} took ${formatMs(event.elapsedMs)}${event.note === undefined ? "" : ` (${escapeText(event.note)})`}`;
    case "stage-failed":
      return `${escapeText(event.stage)} broke off after ${formatMs(event.elapsedMs)}`;
    case "progress":
      return `${escapeText(event.stage)} ${event.done}${event.total === undefined ? "" : ` of ${event.total}`}${event.waitingFor === undefined ? ` ${event.unit}` : `: waiting for ${escapeText(event.waitingFor)}`}`;
    case "notice":
      return `note: ${escapeText(event.message)}`;
    case "output":
      return event.lines.map(escapeText).join("\n   ");
    case "outcome":
      return event.ok ? "done" : `failed: ${escapeText(event.error.message)}`;
  }
}
