import { resolve } from "node:path";
import { parseDuration, parseSize } from "../contract/sizes.ts";
import type { VerbField } from "../contract/verb.ts";
import { inputPath } from "./input-path.ts";
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
      return { ...(before as Pairs | undefined), ...readVariable(flag, text) };
    case "pairs":
      return { ...(before as Pairs | undefined), ...readPair(flag, text) };
    case "changes":
      return { ...(before as Pairs | undefined), ...readChange(flag, text) };
    case "list":
      return [...((before as readonly string[] | undefined) ?? []), text];
    case "source":
      // A folder that is called so is meant by ./apt.
      return text === "apt" || text === "kernel.org" ? text : resolve(text);
    case "image": {
      // The daemon is in another folder.
      const [, scheme, path = ""] = /^(oci|docker-archive):(?!\/\/)(.+)$/s.exec(text) ?? [];
      return scheme === undefined ? text : `${scheme}:${resolve(path)}`;
    }
    case "input":
      return inputPath(flag, text);
    case "path":
      return resolve(text);
    case "string":
    case "boolean":
      return text;
  }
}

type Pairs = Readonly<Record<string, string | null>>;

function readVariable(flag: string, text: string): Pairs {
  const pair = readPair(flag, text);
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(Object.keys(pair)[0] ?? "")) throw new UsageError(`${flag} takes KEY=VALUE, not \`${text}\``);
  return pair;
}

function readPair(flag: string, text: string): Pairs {
  const equals = text.indexOf("=");
  if (equals < 1) throw new UsageError(`${flag} takes KEY=VALUE, not \`${text}\``);
  return { [text.slice(0, equals)]: text.slice(equals + 1) };
}

/** `KEY-` takes away. */
function readChange(flag: string, text: string): Pairs {
  if (text.includes("=")) return readPair(flag, text);
  if (text.length < 2 || !text.endsWith("-")) throw new UsageError(`${flag} takes KEY=VALUE, or KEY- to take it away, not \`${text}\``);
  return { [text.slice(0, -1)]: null };
}
