/** Debian's control file syntax (deb822): stanzas of `Field: value`, continued by indented lines. */

/** Field names are lower case, as they are case-insensitive. Continuation lines are joined by newlines, unindented. */
export type Stanza = ReadonlyMap<string, string>;

const FIELD = /^([!-9;-~][!-9;-~]*):[ \t]*(.*)$/;

/** Cuts lines into stanzas. Throws `Error` on what is not the syntax, a repeated field included. */
export function* parseStanzas(lines: Iterable<string>): Generator<Stanza> {
  const parser = new StanzaParser();
  for (const line of lines) {
    const done = parser.push(line);
    if (done !== undefined) yield done;
  }
  const last = parser.end();
  if (last !== undefined) yield last;
}

/** The same, fed line by line. */
export class StanzaParser {
  #fields = new Map<string, string>();
  #last: string | undefined;

  /** The stanza that this line ended, if it did. */
  push(line: string): Stanza | undefined {
    if (/^[ \t]*$/.test(line)) return this.end();
    if (line.startsWith("#")) return undefined;
    if (line.startsWith(" ") || line.startsWith("\t")) {
      if (this.#last === undefined) throw new Error(`a continuation line without a field: ${JSON.stringify(line.slice(0, 80))}`);
      this.#fields.set(this.#last, `${this.#fields.get(this.#last) ?? ""}\n${line.trim()}`);
      return undefined;
    }
    const match = FIELD.exec(line);
    if (match === null) throw new Error(`not a field: ${JSON.stringify(line.slice(0, 80))}`);
    const name = (match[1] ?? "").toLowerCase();
    if (this.#fields.has(name)) throw new Error(`field ${name} appears twice`);
    this.#fields.set(name, (match[2] ?? "").trim());
    this.#last = name;
    return undefined;
  }

  /** The stanza under way, if there is one. */
  end(): Stanza | undefined {
    const done = this.#fields;
    this.#fields = new Map();
    this.#last = undefined;
    return done.size === 0 ? undefined : done;
  }
}
