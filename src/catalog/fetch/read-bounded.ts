/** The beginning of an answer as text, for messages and small documents: the rest is not waited for. */
export async function readBounded(body: ReadableStream<Uint8Array> | null, maxBytes: number): Promise<string> {
  if (body === null) return "";
  const parts: Uint8Array[] = [];
  let total = 0;
  for await (const part of body as AsyncIterable<Uint8Array>) {
    parts.push(part);
    total += part.length;
    if (total > maxBytes) break;
  }
  return Buffer.concat(parts).subarray(0, maxBytes).toString();
}
