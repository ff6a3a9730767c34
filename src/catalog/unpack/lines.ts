/** Bytes as lines, a bunch at a time: an index has a million of them, and a promise for each would cost more than the work. */

const LINE_MAX_CHARACTERS = 2 ** 20;

/** Throws `Error` on a line above 1 Mi characters. */
export async function* readLines(parts: AsyncIterable<Uint8Array>): AsyncGenerator<readonly string[]> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const part of parts) {
    const lines = (rest + decoder.decode(part, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > LINE_MAX_CHARACTERS) throw new Error("a line has no end");
    yield lines;
  }
  rest += decoder.decode();
  if (rest !== "") yield [rest];
}
