import { z } from "zod";
import type { Operation } from "./operation.ts";
import type { FieldType, Verb, VerbField } from "./verb.ts";

/** One property of an input's JSON Schema, as far as a verb looks at it. */
interface Property {
  readonly type?: string | readonly string[];
  readonly enum?: readonly string[];
  readonly default?: string | number | boolean;
  readonly "x-kind"?: FieldType;
}

/** What the command line and the SDK need to know of an operation. Throws at a field that no hint describes. */
export function describeVerb(operation: Operation): Verb {
  const schema = z.toJSONSchema(operation.input, { io: "input" });
  const required = new Set(schema.required ?? []);
  const properties = Object.entries((schema.properties ?? {}) as Readonly<Record<string, Property>>);
  const { words, aliases = [], positional = [], repeat, quiet, composed = false } = operation.cli;
  return {
    kind: operation.kind,
    method: operation.method,
    path: operation.path,
    summary: operation.summary,
    ...(operation.detail === undefined ? {} : { detail: operation.detail }),
    words,
    aliases,
    positional,
    ...(repeat === undefined ? {} : { repeat }),
    ...(quiet === undefined ? {} : { quiet }),
    composed,
    fields: properties.map(([name, property]) => describeField(operation, name, property, required.has(name))),
    examples: operation.examples,
  };
}

function describeField(operation: Operation, name: string, property: Property, required: boolean): VerbField {
  const hint = operation.fields[name];
  if (hint === undefined) throw new Error(`${operation.name}: the field ${name} has no hint`);
  const kebab = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return {
    name,
    flag: property.default === true ? `no-${kebab}` : kebab,
    type: typeOf(operation, name, property),
    required,
    ...(property.enum === undefined ? {} : { choices: property.enum }),
    ...(property.default === undefined ? {} : { default: property.default }),
    ...hint,
  };
}

function typeOf(operation: Operation, name: string, property: Property): FieldType {
  if (property["x-kind"] !== undefined) return property["x-kind"];
  if (property.enum !== undefined) return "choice";
  if (property.type === "string" || property.type === "integer" || property.type === "boolean") return property.type;
  throw new Error(`${operation.name}: the command line has no way to take the field ${name}`);
}
