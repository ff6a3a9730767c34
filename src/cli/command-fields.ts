/** The fields of commands that are the command line's own. */
import type { VerbField } from "../contract/verb.ts";

export const VM: VerbField = {
  name: "vm",
  flag: "vm",
  type: "string",
  required: true,
  brief: "name or id of the vm",
  placeholder: "NAME",
  completes: "vm",
};

/** A boolean flag of the command line alone. */
export function flag(name: string, alias: string | undefined, brief: string): VerbField {
  return { name, flag: name, type: "boolean", required: false, default: false, brief, ...(alias === undefined ? {} : { alias }) };
}

export function text(name: string, placeholder: string, brief: string, type: VerbField["type"] = "string"): VerbField {
  return { name, flag: name, type, required: false, brief, placeholder };
}

/** What a copy is from or to; it is read as one by `copy-places.ts`. */
export function place(name: string, placeholder: string, brief: string): VerbField {
  return { ...text(name, placeholder, brief), required: true, completes: "place" };
}

/** What is told as it happens is not one document. */
export const LINES = "a JSON document a line, as it comes";

export const QUIET = flag("quiet", "q", "show only the names, one a line");
export const INTERACTIVE = flag("interactive", "i", "pass stdin on to the command");
export const TTY = flag("tty", "t", "give the command a terminal; it may then draw on yours");
export const ENV: VerbField = { ...text("env", "KEY=VALUE", "set an environment variable; may be repeated", "environment"), alias: "e" };
export const CWD = text("cwd", "DIR", "folder to run in; when left out the image's, or the user's home");
export const USER: VerbField = { ...text("user", "USER", "user to run as, or USER:GROUP; when left out the image's, or root"), alias: "u" };

export const ENTRYPOINT = text(
  "entrypoint",
  "PROGRAM",
  "program that gets the command as its arguments, in the place of the image's entrypoint and command; an empty one is none",
);

export const SHELL: VerbField = {
  name: "shell",
  flag: "shell",
  type: "choice",
  required: true,
  choices: ["bash", "zsh", "fish"],
  brief: "the shell: bash, zsh or fish",
  placeholder: "SHELL",
};
