/** Mirrors on this computer: `file:///srv/mirror`. */
import { fileURLToPath } from "node:url";
import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import type { Transport } from "./transport.ts";

export function makeFileTransport(system: System, advice: string): Transport {
  return {
    advice,
    open: async (url, offset) => {
      const path = fileURLToPath(url);
      const info = await system.files.find(path);
      if (info?.kind !== "file") {
        throw new BangerError("unavailable", "mirror_lacks_file", `cannot read ${path}: there is no such file in the mirror`, {
          hint: `check the address, or ${advice}`,
        });
      }
      const start = Math.min(offset, info.bytes);
      return { offset: start, bytes: info.bytes - start, body: start === info.bytes ? nothing() : system.files.openRead(path, { start }) };
    },
  };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
