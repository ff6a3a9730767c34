import type { IncomingMessage, ServerResponse } from "node:http";
import type { OperationEvent } from "../contract/events.ts";
import { OPERATIONS } from "../contract/operation-table.ts";
import { BangerError, toErrorShape } from "../contract/errors.ts";
import { VERBS } from "../contract/verbs.ts";
import { EVENTS_TYPE, VERSION_HEADER } from "../contract/version.ts";
import type { OperationContext } from "../operations/operations.ts";
import { answerEvents, answerJson, answerLines, goneOf } from "./answer.ts";
import { checkVersion } from "./check-version.ts";
import type { HandlerParts } from "./handler.ts";
import { HANDLERS } from "./handler-table.ts";
import { readInput } from "./read-input.ts";
import { findRoute } from "./route.ts";

/** The form of a handler once its input has been parsed by the schema that belongs to it. */
type AnyHandler = (parts: HandlerParts, input: unknown, more?: unknown) => unknown;

/** Answers one request. Throws before anything was answered, or not at all. */
export async function dispatch(parts: HandlerParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const route = findRoute(request.method ?? "", request.url ?? "");
  checkVersion(route.name, request.headers[VERSION_HEADER], parts.daemon.version);
  const input = await readInput(request, route);
  const handler = HANDLERS[route.name] as AnyHandler;
  switch (OPERATIONS[route.name].kind) {
    case "query":
      return answerJson(response, 200, await handler(parts, input));
    case "change":
      return answerJson(response, 200, await tellTrouble(parts, async () => handler(parts, input)));
    case "events": {
      const operationId = String(route.inPath["operation"]);
      const watch = (signal: AbortSignal) => handler(parts, input, signal) as AsyncIterable<OperationEvent>;
      parts.operations.get(operationId);
      return answerEvents(response, operationId, watch);
    }
    case "follow": {
      const gone = goneOf(response);
      return answerLines(response, handler(parts, input, gone) as AsyncIterable<unknown>, gone);
    }
    case "long": {
      const work = (context: OperationContext) => tellTrouble(parts, () => handler(parts, input, context) as Promise<unknown>);
      // What cannot be recorded may have been all the same.
      const { id } = await tellTrouble(parts, async () => parts.operations.start(route.name, subjectOf(route.name, input), work));
      if (!accepts(request, EVENTS_TYPE)) return answerJson(response, 202, { operation: id });
      return answerEvents(response, id, (signal) => parts.operations.watch(id, 0, signal));
    }
    case "stream":
      throw new BangerError("invalid", "upgrade_required", `cannot answer ${route.name} as a document: it is a stream`, {
        hint: `send Connection: Upgrade and Upgrade: ${OPERATIONS[route.name].protocol}`,
      });
  }
}

/** Kinds of failures that come before anything is changed. */
const CHANGES_NOTHING = new Set<string>(["invalid", "not_found", "exists", "refused", "unsupported"]);

/** What fails half way may leave something behind. */
async function tellTrouble<T>(parts: HandlerParts, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    if (!CHANGES_NOTHING.has(toErrorShape(error).kind)) parts.daemon.onTrouble();
    throw error;
  }
}

function accepts(request: IncomingMessage, type: string): boolean {
  return (request.headers.accept ?? "").split(",").some((each) => each.split(";")[0]?.trim() === type);
}

/** What the operation is about: what stands first on the command line. */
function subjectOf(name: keyof typeof VERBS, input: unknown): string {
  const [first] = VERBS[name].positional;
  const value = first === undefined ? undefined : (input as Record<string, unknown>)[first];
  return typeof value === "string" ? value : "";
}
