/** Debian's control file syntax (deb822): stanzas of `Field: value`, continued by indented lines. */

/** Field names are lower case, as they are case-insensitive. Continuation lines are joined by newlines, unindented. */
export type Stanza = ReadonlyMap<string, string>;

const FIELD = /^([!-9;-~][!-9;-~]*):[ \t]*(.*)$/;

/** Cuts lines into stanzas. Throws `Error` on what is not the syntax, a repeated field included. */
export function* parseStanzas(lines: Iterable<string>): Generator<Stanza> {
  let fields = new Map<string, string>();
  let last: string | undefined;
  for (const line of lines) {
    if (/^[ \t]*$/.test(line)) {
      if (fields.size > 0) yield fields;
      fields = new Map();
      last = undefined;
    } else if (line.startsWith(" ") || line.startsWith("\t")) {
      if (last === undefined) throw new Error(`a continuation line without a field: ${JSON.stringify(line.slice(0, 80))}`);
      fields.set(last, `${fields.get(last) ?? ""}\n${line.trim()}`);
    } else if (!line.startsWith("#")) {
      const match = FIELD.exec(line);
      if (match === null) throw new Error(`not a field: ${JSON.stringify(line.slice(0, 80))}`);
      last = (match[1] ?? "").toLowerCase();
      if (fields.has(last)) throw new Error(`field ${last} appears twice`);
      fields.set(last, (match[2] ?? "").trim());
    }
  }
  if (fields.size > 0) yield fields;
}
