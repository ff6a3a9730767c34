/** The file by which the client knows guests: a line each, of those that are there. Nobody else writes into it. */

/**
 * The text with the key of one host, and without hosts that are no more.
 * @param present names of all that are there: `dev.banger`
 */
export function withKnownHost(text: string, host: string, key: string, present: ReadonlySet<string>): string {
  const kept = text.split("\n").filter((line) => {
    const [name = ""] = line.split(" ", 1);
    return name !== "" && name !== host && present.has(name);
  });
  return [...kept, `${host} ${key}`, ""].join("\n");
}
