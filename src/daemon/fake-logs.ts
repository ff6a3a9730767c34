/** The logs and the console of vms that are none, for tests: every source says the same, and what is typed comes back in capitals. */
import { Duplex } from "node:stream";
import { encodeFrame, encodeJsonFrame, FRAME, FrameReader } from "../contract/frames.ts";
import { BangerError } from "../contract/errors.ts";
import type { LogPart } from "../contract/schemas/log.ts";
import type { Vm } from "../contract/schemas/vm.ts";
import type { LogRequest, Vms } from "../vms/vms.ts";

type FakeLogs = Pick<Vms, "readLog" | "followLog" | "openConsole">;

/** A followed log ends with its text; a console with a typed `q`, as if the vm had stopped, and breaks at an `x`. */
export function fakeLogs(get: (ref: string) => Vm, text: () => string): FakeLogs {
  const partOf = ({ source, from = 0 }: LogRequest): LogPart => {
    const bytes = Buffer.from(text());
    const [offset, endOffset] = [Math.min(from, bytes.length), bytes.length];
    const shown = bytes.toString("utf8", offset);
    if (source === "guest") return { source, text: shown, cursor: String(endOffset), hasMore: false };
    return { source, text: shown, offset, endOffset, firstOffset: 0, logEndOffset: endOffset };
  };
  return {
    readLog: async (ref, request) => {
      get(ref);
      return partOf(request);
    },
    followLog: (ref, request) => {
      get(ref);
      return (async function* follow() {
        yield partOf(request);
        yield { ended: "stopped", name: get(ref).name };
      })();
    },
    openConsole: async (ref, from = 0) => {
      if (get(ref).state !== "running")
        throw new BangerError("refused", "vm_not_running", `vm ${ref} is stopped`, { hint: `banger start ${ref}` });
      const reader = new FrameReader();
      const stream = new Duplex({
        read: () => undefined,
        write: (chunk: Uint8Array, _encoding, callback) => {
          for (const { payload } of reader.push(chunk)) {
            const typed = Buffer.from(payload).toString();
            stream.push(encodeFrame(FRAME.stdout, Buffer.from(typed.toUpperCase())));
            if (typed.includes("q")) stream.push(encodeJsonFrame(FRAME.exited, { ended: "stopped", name: get(ref).name }));
            if (typed.includes("x")) stream.push(null);
          }
          callback();
        },
      });
      stream.push(encodeJsonFrame(FRAME.started, { offset: from }));
      stream.push(encodeFrame(FRAME.stdout, Buffer.from(text()).subarray(from)));
      return stream;
    },
  };
}
