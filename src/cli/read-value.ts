import { resolve } from "node:path";
import { parseDuration, parseSize } from "../contract/sizes.ts";
import type { VerbField } from "../contract/verb.ts";
import { suggest } from "./suggest.ts";
import { UsageError } from "./usage-error.ts";

/**
 * The value of a field as the daemon takes it. The daemon parses everything again; this is here so that a slip is told at
 * once, and by the flag's name.
 * @param before the value so far, for fields that may be repeated.
 */
export function readValue(field: VerbField, flag: string, text: string, before: unknown): unknown {
  switch (field.type) {
    case "integer":
      if (!/^-?\d{1,15}$/.test(text)) throw new UsageError(`${flag} takes a whole number, not \`${text}\``);
      return Number(text);
    case "size":
      if ((parseSize(text) ?? 0) === 0) throw new UsageError(`${flag} takes a size such as 512M or 20G, not \`${text}\``);
      return text;
    case "duration":
      if (parseDuration(text) === undefined) throw new UsageError(`${flag} takes a duration such as 90s or 5m, not \`${text}\``);
      return text;
    case "choice": {
      const choices = field.choices ?? [];
      if (choices.includes(text)) return text;
      const meant = suggest(text, choices);
      throw new UsageError(
        `${flag} is one of ${choices.join(", ")}, not \`${text}\``,
        meant === undefined ? undefined : `did you mean ${meant}?`,
      );
    }
    case "environment":
      return { ...(before as Readonly<Record<string, string>> | undefined), ...readVariable(flag, text) };
    case "path":
      return resolve(text);
    case "string":
    case "boolean":
      return text;
  }
}

function readVariable(flag: string, text: string): Readonly<Record<string, string>> {
  const equals = text.indexOf("=");
  const name = text.slice(0, equals);
  if (equals < 1 || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new UsageError(`${flag} takes KEY=VALUE, not \`${text}\``);
  return { [name]: text.slice(equals + 1) };
}
