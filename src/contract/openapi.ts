/** `openapi.json`, derived from the operations: OpenAPI 3.1, which takes JSON Schema as it is. */
import { z } from "zod";
import { HTTP_STATUS, type ErrorKind } from "./errors.ts";
import { errorShape, operationEvent } from "./events.ts";
import type { Operation } from "./operation.ts";
import { EVENTS_TYPE, OPERATION_HEADER, VERSION, VERSION_HEADER } from "./version.ts";

type Json = Readonly<Record<string, unknown>>;

/** The document that describes these operations. */
export function openapi(operations: readonly Operation[]): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const operation of operations) {
    const path = operation.path.replaceAll(/:(\w+)/g, "{$1}");
    (paths[path] ??= {})[operation.method.toLowerCase()] = describeOperation(operation);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "banger",
      version: VERSION,
      description: `Spoken over the daemon's unix socket. Every request carries the header ${VERSION_HEADER}.`,
    },
    paths,
    components: { schemas: { Error: schemaOf(errorShape, "output"), Event: schemaOf(operationEvent, "output") } },
  };
}

function describeOperation(operation: Operation): Json {
  const input = schemaOf(operation.input, "input") as { properties?: Record<string, Json>; required?: readonly string[] };
  const inPath = new Set([...operation.path.matchAll(/:(\w+)/g)].map((match) => match[1] ?? ""));
  const others = Object.entries(input.properties ?? {}).filter(([name]) => !inPath.has(name));
  const inQuery = operation.method === "GET" || operation.method === "DELETE";
  const isRequired = (name: string): boolean => input.required?.includes(name) ?? false;
  const parameters = [
    ...[...inPath].map((name) => ({ name, in: "path", required: true, schema: input.properties?.[name] ?? {} })),
    ...(inQuery ? others.map(([name, schema]) => ({ name, in: "query", required: isRequired(name), schema })) : []),
    { name: VERSION_HEADER, in: "header", required: true, schema: { type: "string" } },
  ];
  return {
    operationId: operation.name,
    tags: [operation.name.split(".")[0]],
    summary: operation.summary,
    ...(operation.detail === undefined ? {} : { description: operation.detail }),
    parameters,
    ...(inQuery || others.length === 0 ? {} : { requestBody: { content: json(bodySchema(others, isRequired)) } }),
    responses: { ...answers(operation), ...failures(operation) },
  };
}

function bodySchema(fields: readonly (readonly [string, Json])[], isRequired: (name: string) => boolean): Json {
  const required = fields.map(([name]) => name).filter(isRequired);
  return {
    type: "object",
    properties: Object.fromEntries(fields),
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: false,
  };
}

function answers(operation: Operation): Json {
  const output = schemaOf(operation.output, "output");
  const events = { [EVENTS_TYPE]: { schema: { $ref: "#/components/schemas/Event" } } };
  switch (operation.kind) {
    case "query":
    case "change":
      return { "200": { description: "done", content: json(output) } };
    case "events":
      return { "200": { description: "one event a line, the outcome last", content: events } };
    case "follow":
      return { "200": { description: "one JSON document a line, as they come", content: { [EVENTS_TYPE]: { schema: output } } } };
    case "stream":
      return { "101": { description: `upgraded to ${operation.protocol ?? "nothing"}: frames in both directions` } };
    case "long": {
      const started = { type: "object", properties: { operation: { type: "string" } }, required: ["operation"] };
      return {
        "200": {
          description: `for who accepts ${EVENTS_TYPE}: one event a line, the outcome last; its output is x-output`,
          headers: { [OPERATION_HEADER]: { schema: { type: "string" } } },
          content: events,
          "x-output": output,
          "x-stages": operation.stages,
        },
        "202": { description: "recorded and started", content: json(started) },
      };
    }
  }
}

function failures(operation: Operation): Json {
  const kinds: readonly (ErrorKind | "bug")[] = ["invalid", "refused", "bug"];
  const content = json({ $ref: "#/components/schemas/Error" });
  return {
    ...Object.fromEntries(kinds.map((kind) => [String(HTTP_STATUS[kind]), { description: kind, content }])),
    default: { description: `any other failure; codes of this verb: ${operation.errors.join(", ") || "none"}`, content },
  };
}

function json(schema: Json): Json {
  return { "application/json": { schema } };
}

function schemaOf(schema: z.ZodType, io: "input" | "output"): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return rest;
}
