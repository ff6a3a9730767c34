/** Where the documents and blobs of one image come from: a registry, a folder, or a file. */
import type { Transport } from "../fetch/transport.ts";

export interface ImageSource {
  /** What the reference means: a document of which nothing is verified, but by the digest that the reference may have. */
  root(signal: AbortSignal): Promise<RootDocument>;
  /** Documents by digest, announced as of a type. */
  documents(type: string): Transport;
  /** Blobs by digest. */
  readonly blobs: Transport;
  /** The address of a document or a blob, for the transports and for messages. */
  addressOf(digest: string): string;
}

export interface RootDocument {
  readonly bytes: Uint8Array;
  /** What it was announced as, when it was. */
  readonly type: string | undefined;
  /** What names the image, where that is not the digest of these bytes. */
  readonly digest?: string;
}
