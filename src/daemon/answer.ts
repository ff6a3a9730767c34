import { once } from "node:events";
import { STATUS_CODES, type ServerResponse } from "node:http";
import { HTTP_STATUS, toErrorShape } from "../contract/errors.ts";
import type { OperationEvent } from "../contract/events.ts";
import { EVENTS_TYPE, OPERATION_HEADER } from "../contract/version.ts";

/** What each document is as bytes, as long as somebody keeps the document. As bytes: a large string is taken half as fast. */
const known = new WeakMap<object, Buffer>();

/** Answers with a JSON document. An object that was answered before is not put into words again: it may not have changed since. */
export function answerJson(response: ServerResponse, status: number, value: unknown): void {
  const bytes = bytesOf(value);
  response.writeHead(status, { "content-type": "application/json", "content-length": bytes.length });
  response.end(bytes);
}

/** Answers with what was thrown. */
export function answerError(response: ServerResponse, thrown: unknown): void {
  const shape = toErrorShape(thrown);
  answerJson(response, HTTP_STATUS[shape.kind], shape);
}

/** The whole answer to a request that no `ServerResponse` belongs to. The connection is to be ended after it. */
export function errorResponse(thrown: unknown, status: number = HTTP_STATUS[toErrorShape(thrown).kind]): string {
  const text = JSON.stringify(toErrorShape(thrown));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Error"}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(text)}`,
    "connection: close",
  ];
  return `${head.join("\r\n")}\r\n\r\n${text}`;
}

/** Answers with events, one a line, as they come. Ends early when the client goes away. */
export async function answerEvents(
  response: ServerResponse,
  operationId: string,
  watch: (signal: AbortSignal) => AsyncIterable<OperationEvent>,
): Promise<void> {
  const gone = goneOf(response);
  response.writeHead(200, { "content-type": EVENTS_TYPE, [OPERATION_HEADER]: operationId });
  response.flushHeaders();
  await writeLines(response, watch(gone), gone);
  response.end();
}

/** Answers with lines as they come, for as long as the client reads. What goes wrong on the way is the last line. */
export async function answerLines(response: ServerResponse, lines: AsyncIterable<unknown>, gone: AbortSignal): Promise<void> {
  response.writeHead(200, { "content-type": EVENTS_TYPE });
  response.flushHeaders();
  try {
    await writeLines(response, lines, gone);
  } catch (error) {
    if (!gone.aborted) await writeLines(response, [{ error: toErrorShape(error) }], gone);
  }
  response.end();
}

function bytesOf(value: unknown): Buffer {
  if (typeof value !== "object" || value === null) return Buffer.from(JSON.stringify(value));
  const bytes = known.get(value) ?? Buffer.from(JSON.stringify(value));
  known.set(value, bytes);
  return bytes;
}

/**
 * Aborts when the client goes away. Who has ended its side counts as gone: a unix socket shows a killed client no differently, and
 * where nothing is written for a long time nothing else would tell.
 */
export function goneOf(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  const { socket } = response.req;
  const leave = (): void => gone.abort();
  socket.once("end", leave);
  response.once("close", () => {
    socket.off("end", leave);
    leave();
  });
  if (socket.readableEnded) leave();
  return gone.signal;
}

async function writeLines(response: ServerResponse, lines: AsyncIterable<unknown> | Iterable<unknown>, gone: AbortSignal): Promise<void> {
  for await (const line of lines) {
    if (response.write(`${JSON.stringify(line)}\n`)) continue;
    await Promise.race([once(response, "drain"), once(gone, "abort")]);
  }
}
