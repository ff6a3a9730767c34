/**
 * Operations are values. Each verb is declared once, in `contract/operations/<noun>-<verb>.ts`; the daemon's routes, the
 * SDK's methods, the CLI's parser and help, `openapi.json` and the docs derive from the declaration.
 *
 * Six kinds:
 * - `query`: reads; GET; answered at once with the output.
 * - `change`: changes something small; answered at once with the output.
 * - `long`: recorded, with named stages and numbered events; POST answers 202 `{operation}`, or, when the client accepts
 *   `application/x-ndjson`, the events themselves from number 0 with the outcome as the last one.
 * - `events`: reads an operation's events as lines of JSON, from a number to the outcome.
 * - `follow`: answered with lines of JSON as they come, for as long as the client reads.
 * - `stream`: checked like a change, then the connection is upgraded to a raw duplex stream of `contract/frames.ts` or another.
 */
import type { z } from "zod";

export type OperationKind = "query" | "change" | "long" | "events" | "follow" | "stream";
export type Method = "GET" | "POST" | "PUT" | "DELETE";

/**
 * How the CLI takes one input field. Fields become `--kebab-case` flags, unless `cli.positional` names them; a boolean that is
 * true by default becomes `--no-...`. A field that is positional and optional is taken as a flag, too.
 */
export interface FieldHint {
  /** One line for help, no full stop. */
  readonly brief: string;
  /** What stands in help for the value: `SIZE`, `NAME`. */
  readonly placeholder?: string;
  /** One-letter alias. */
  readonly alias?: string;
  /** What the flag is called, where the key read as one would be odd: `label` of `labels`. */
  readonly flag?: string;
  /** Which names completion offers; of a `place` a path of this computer or `NAME:PATH` of a vm. */
  readonly completes?: "vm" | "image" | "kernel" | "network" | "driver" | "operation" | "place";
}

export interface CliHints {
  /** Words after `banger`: `["vm", "create"]`. */
  readonly words: readonly string[];
  /** Short forms: `[["ps"]]` for `vm list`. */
  readonly aliases?: readonly (readonly string[])[];
  /** Input fields taken by position, in order. */
  readonly positional?: readonly string[];
  /** The positional field that may be given several times; the CLI then runs the operation for each. */
  readonly repeat?: string;
  /** With `--quiet` the CLI shows nothing but `field` of each item of the output's `list`. */
  readonly quiet?: { readonly list: string; readonly field: string };
  /** The CLI has a verb of its own for these words, which calls this operation among other things. */
  readonly composed?: boolean;
}

export interface Example {
  readonly command: string;
  readonly does: string;
}

export interface Operation<
  Name extends string = string,
  In extends z.ZodObject = z.ZodObject,
  Out extends z.ZodType = z.ZodType,
  Kind extends OperationKind = OperationKind,
> {
  /** `vm.create`: noun dot verb. */
  readonly name: Name;
  readonly kind: Kind;
  /** One line, imperative, no full stop. */
  readonly summary: string;
  /** More, for `--help` and the docs page. */
  readonly detail?: string;
  readonly method: Method;
  /** `/v1/vms/:vm/start`; `:field` names a field of the input. Other fields travel as query (GET, DELETE) or JSON body. */
  readonly path: string;
  readonly input: In;
  readonly output: Out;
  /** Stages in the order in which they may appear; empty unless `long`. */
  readonly stages: readonly string[];
  /** What the connection of a `stream` is upgraded to. */
  readonly protocol?: string;
  /** Codes of `BangerError` this verb may answer, besides `invalid_input`. */
  readonly errors: readonly string[];
  readonly fields: Readonly<Record<string, FieldHint>>;
  readonly cli: CliHints;
  readonly examples: readonly Example[];
}

/** Declares an operation; keeps the literal types. */
export function defineOperation<Name extends string, In extends z.ZodObject, Out extends z.ZodType, const Kind extends OperationKind>(
  operation: Operation<Name, In, Out, Kind>,
): Operation<Name, In, Out, Kind> {
  return operation;
}

/** What the handler gets: the parsed input. */
export type InputOf<O extends Operation> = z.output<O["input"]>;
/** What the client sends: defaults left out. */
export type RequestOf<O extends Operation> = z.input<O["input"]>;
/** What the verb answers. */
export type OutputOf<O extends Operation> = z.output<O["output"]>;
