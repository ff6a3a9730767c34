import type { Example } from "../contract/operation.ts";
import type { VerbField } from "../contract/verb.ts";
import type { Environment } from "./environment.ts";

/** What follows the words of a command, as data. */
export interface Command {
  /** After `banger`: `["vm", "create"]`. */
  readonly words: readonly string[];
  readonly aliases: readonly (readonly string[])[];
  readonly summary: string;
  readonly detail?: string;
  readonly fields: readonly VerbField[];
  /** Names of the fields that are taken by position, in order. */
  readonly positional: readonly string[];
  /** The positional field that may be given several times. */
  readonly repeat?: string;
  /** Whether a command for the guest follows: after `--`, or after the last positional. */
  readonly rest?: { readonly placeholder: string; readonly required: boolean };
  /** Whether a failure of banger's own is exit 125, because the other codes belong to the guest's command. */
  readonly passesGuestCode?: boolean;
  /** False when it has no answer that could be a document. */
  readonly hasJson?: false;
  /** What help says of --json, where it is not one document. */
  readonly jsonBrief?: string;
  /** Not shown in help. */
  readonly hidden?: boolean;
  readonly examples: readonly Example[];
  /** Loads what the command does. */
  readonly load: () => Promise<Run>;
}

export interface Invocation {
  readonly command: Command;
  /** The fields that were given, by name. */
  readonly given: Readonly<Record<string, unknown>>;
  /** Names of the fields that were given by place, not by a flag. */
  readonly placed: readonly string[];
  /** The values of the repeated positional field. */
  readonly repeated: readonly string[];
  /** The command for the guest. */
  readonly rest: readonly string[];
  /** Whether one JSON document is wanted instead of text for people. */
  readonly json: boolean;
  /** Whether only help is wanted; the other fields then say nothing. */
  readonly wantsHelp: boolean;
}

/** Does what a command says; resolves with the exit code. */
export type Run = (invocation: Invocation, environment: Environment) => Promise<number>;
