/**
 * A verb is what the command line and the SDK need to know of an operation, without its schemas: plain data, so that
 * `banger ps` starts without loading a schema library. `verbs.ts` is generated from the operations.
 */
import type { Example, FieldHint, Method, OperationKind } from "./operation.ts";

/**
 * How the text of a field is read. `path` is made absolute, and so is `input`, of which `-`
 * is stdin. Those that may be repeated: `environment` and `pairs` are `KEY=VALUE`,
 * `changes` is `KEY=VALUE`, or `KEY-` to take away, and `list` gathers texts.
 */
export type FieldType =
  | "string"
  | "integer"
  | "size"
  | "duration"
  | "path"
  | "input"
  | "source"
  | "image"
  | "environment"
  | "pairs"
  | "changes"
  | "list"
  | "boolean"
  | "choice";

export interface VerbField extends FieldHint {
  /** The key in the input. */
  readonly name: string;
  /** Without the dashes: `work-disk`. */
  readonly flag: string;
  readonly type: FieldType;
  readonly required: boolean;
  readonly choices?: readonly string[];
  readonly default?: string | number | boolean;
}

export interface Verb {
  readonly kind: OperationKind;
  readonly method: Method;
  readonly path: string;
  readonly summary: string;
  readonly detail?: string;
  readonly words: readonly string[];
  readonly aliases: readonly (readonly string[])[];
  readonly positional: readonly string[];
  readonly repeat?: string;
  readonly quiet?: { readonly list: string; readonly field: string };
  readonly composed: boolean;
  readonly fields: readonly VerbField[];
  readonly examples: readonly Example[];
}
