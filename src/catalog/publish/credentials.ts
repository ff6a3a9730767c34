/**
 * Credentials, from the environment or from a file for its owner alone. They are in no argument, message or log: what cannot be read is told
 * by its line's number.
 */
import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import { onFile } from "../signing/document-files.ts";

export type Values = Readonly<Record<string, string | undefined>>;

const FILE_MAX_BYTES = 64 * 1024;
const OTHERS = 0o077;

/** The environment, and over it what the file says. */
export async function readCredentials(files: System["files"], variables: Values, path: string | undefined): Promise<Values> {
  if (path === undefined) return variables;
  const info = await onFile("read", path, () => files.find(path));
  if (info === undefined) throw refused(path, "there is no such file", `ls -l ${path}`);
  if (info.kind !== "file") throw refused(path, "it is no file", `ls -l ${path}`);
  if ((info.mode & OTHERS) !== 0) throw refused(path, "others can read it", `chmod 600 ${path}`);
  const text = await onFile("read", path, () => files.readText(path, FILE_MAX_BYTES));
  const found = parseCredentials(text, variables["AWS_PROFILE"] ?? "default");
  if (typeof found === "number")
    throw refused(path, `line ${found} is neither NAME=VALUE nor [PROFILE]`, "lines such as AWS_ACCESS_KEY_ID=...");
  return { ...variables, ...found };
}

/**
 * The values of a file in the form of `.env` or of `~/.aws/credentials`; names in capitals. A number is that of the first line that is neither.
 * @param profile whose lines count, in a file that has several.
 */
export function parseCredentials(text: string, profile: string): Readonly<Record<string, string>> | number {
  const found: Record<string, string> = {};
  let isOurs = true;
  for (const [at, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#") || line.startsWith(";")) continue;
    const section = /^\[(?:profile\s+)?([^\]]+)\]$/.exec(line)?.[1];
    if (section !== undefined) {
      isOurs = section.trim() === profile;
      continue;
    }
    const [, name, value = ""] = /^(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*)$/.exec(line) ?? [];
    // eslint-disable-next-line no-control-regex -- these very characters are looked for
    if (name === undefined || /[\u0000-\u001f\u007f]/.test(value)) return at + 1;
    if (isOurs)
      found[name.toUpperCase()] =
        /^"(.*)"$|^'(.*)'$/
          .exec(value)
          ?.slice(1)
          .find((inner) => inner !== undefined) ?? value;
  }
  return found;
}

/** A value that is needed: not there is the same as empty. */
export function valueOf(values: Values, name: string): string | undefined {
  return values[name] === "" ? undefined : values[name];
}

function refused(path: string, why: string, hint: string): BangerError {
  return new BangerError("refused", "bad_credentials_file", `cannot take credentials from ${path}: ${why}`, { hint });
}
