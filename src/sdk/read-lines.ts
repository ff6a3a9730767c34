const NEWLINE = 10;

/** The JSON values of a stream with one a line. What stands after the last newline was cut off and is left out. */
export async function* readLines(stream: AsyncIterable<Uint8Array>): AsyncGenerator<unknown> {
  const decoder = new TextDecoder();
  let parts: Uint8Array[] = [];
  for await (const chunk of stream) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      parts.push(chunk.subarray(start, end));
      yield JSON.parse(decoder.decode(parts.length === 1 ? parts[0] : Buffer.concat(parts)));
      parts = [];
      start = end + 1;
    }
    if (start < chunk.length) parts.push(chunk.slice(start));
  }
}
