/** The guest's end of a copy, for tests: what is in it lies below a folder. Both roles are those of the client, turned round. */
import { once } from "node:events";
import { duplexPair, type Duplex } from "node:stream";
import { BangerError } from "../../src/contract/errors.ts";
import type { CopySpec } from "../../src/contract/copy-frames.ts";
import { CopyWire, type TellProblem } from "../../src/sdk/copy/copy-wire.ts";
import { receiveCopy } from "../../src/sdk/copy/receive.ts";
import { sendCopy } from "../../src/sdk/copy/send.ts";
import { openTarget } from "../../src/sdk/copy/target.ts";

const HEADER_BYTES = 5;

/** `slow` under this name is a file that never comes to its end. */
export function openFakeCopyGuest(folder: string): Duplex {
  const [host, guest] = duplexPair();
  guest.on("error", () => undefined);
  void serve(guest, folder).catch((error: unknown) => guest.destroy(error as Error));
  return host;
}

async function serve(guest: Duplex, folder: string): Promise<void> {
  const header = await readExactly(guest, HEADER_BYTES);
  const spec = JSON.parse((await readExactly(guest, header.readUInt32BE(1))).toString()) as CopySpec;
  const wire = new CopyWire(guest, () => undefined);
  const tell: TellProblem = (problem) => void wire.send(problem).catch(() => undefined);
  const onProgress = (): void => undefined;
  try {
    if (spec.direction === "out") {
      if (spec.from.includes("slow")) {
        await wire.send({ type: "file", name: Buffer.from("slow"), size: 2 ** 20, mode: 0o644, mtimeNs: 0n });
        await wire.send({ type: "start", offset: 0 });
        await wire.send({ type: "data", offset: 0, bytes: Buffer.alloc(65_536, "s") });
        return await wire.flush();
      }
      await sendCopy(
        wire,
        spec.from.map((path) => `${folder}/${path}`),
        { follow: spec.follow, tell, onProgress },
      );
    } else {
      const target = openTarget(`${folder}/${spec.to}`, spec.several, spec.resume);
      await receiveCopy(wire, target, { resume: spec.resume, checksum: spec.checksum, tell, onProgress });
      target.base.release();
    }
    guest.end();
  } catch (error) {
    if (!(error instanceof BangerError)) throw error;
    const json = Buffer.from(JSON.stringify({ code: error.code.replace("copy_", ""), message: error.message }));
    await wire.send({ type: "failed", json });
    await wire.flush();
    guest.end();
  }
}

async function readExactly(stream: Duplex, count: number): Promise<Buffer> {
  for (;;) {
    const bytes = stream.read(count) as Buffer | null;
    if (bytes !== null) return bytes;
    await once(stream, "readable");
  }
}
