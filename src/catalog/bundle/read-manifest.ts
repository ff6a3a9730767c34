import { parseTarHeader, TAR_BLOCK_BYTES } from "../unpack/tar-header.ts";
import type { ByteReader } from "./byte-reader.ts";

export const MANIFEST = "manifest.json";

/** The text of a bundle's first file, up to where it ends. Throws `Error` when that is something else. */
export async function readManifest(reader: ByteReader, maxBytes: number): Promise<string> {
  const block = await reader.take(TAR_BLOCK_BYTES);
  if (block.every((byte) => byte === 0)) throw new Error("it is empty");
  const { name, bytes, type } = parseTarHeader(block);
  if (name !== MANIFEST || type !== "0")
    throw new Error(`it begins with ${JSON.stringify(name.slice(0, 200))} and not with its ${MANIFEST}`);
  if (bytes > maxBytes) throw new Error(`its ${MANIFEST} has ${bytes} bytes, more than the ${maxBytes} allowed`);
  const text = new TextDecoder("utf-8", { fatal: true }).decode(await reader.take(bytes));
  await reader.takePadding(bytes);
  return text;
}
