/** Where bundles are put. */
import type { System } from "../../system/system.ts";
import type { Body } from "./sender.ts";

/** A file whose content is known. */
export interface Bundle {
  readonly path: string;
  /** `NAME-ARCH-` and 16 hex digits of its digest: no two contents have one name, so a cache never gives the old one. */
  readonly name: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly type: "kernel" | "image";
}

export interface Store {
  /** As it is shown: `s3://BUCKET/PREFIX`. */
  readonly shown: string;
  /** What users fetch it by, and the catalog names. */
  addressOf(bundle: Bundle): string;
  /** False when it was there already. Throws `refused` `store_denied`, `registry_denied`, `unavailable` `store_unreachable`, `store_failed`. */
  upload(bundle: Bundle, signal: AbortSignal, onProgress: (doneBytes: number) => void): Promise<boolean>;
}

/** Its bytes, told as they go. A file that has shrunk meanwhile ends early, and the other end does not take it. */
export function bodyOf({ files }: System, { path, bytes }: Bundle, onProgress: (doneBytes: number) => void): Body {
  return {
    bytes,
    open: async function* () {
      const file = files.openRead(path, { start: 0, end: bytes - 1 });
      let done = 0;
      try {
        for await (const part of file as AsyncIterable<Uint8Array>) {
          done += part.length;
          onProgress(done);
          yield part;
        }
      } finally {
        file.destroy();
      }
    },
  };
}

export function bodyOfBytes(content: Uint8Array): Body {
  return {
    bytes: content.length,
    open: async function* () {
      yield content;
    },
  };
}
