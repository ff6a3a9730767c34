import { environment } from "../../contract/schemas/names.ts";

/** What an image says of the environment, `NAME=VALUE` each, the last of a name. What is no such thing to a shell is left out. */
export function envOf(lines: readonly string[]): Readonly<Record<string, string>> {
  const pairs = lines.flatMap((line): readonly (readonly [string, string])[] => {
    const equals = line.indexOf("=");
    const [name, value] = [line.slice(0, Math.max(equals, 0)), line.slice(equals + 1)];
    return environment.safeParse({ [name]: value }).success ? [[name, value]] : [];
  });
  return Object.fromEntries(pairs);
}
