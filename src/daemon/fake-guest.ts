/** A guest for tests: speaks the frames of an exec stream and knows a handful of commands. */
import { Duplex } from "node:stream";
import { encodeFrame, encodeJsonFrame, FRAME, FrameReader, type ExecExit, type ExecSpec, type Frame } from "../contract/frames.ts";

/**
 * Commands: `echo WORDS`, `warn WORDS` (on stderr), `cat`, `exit CODE`, `die SIGNAL`, `bytes COUNT`, `hex BYTES`, `env NAME`, `where`, `size` (of the
 * terminal, again after each resize), `wait` (for a signal or the end of stdin), `deaf` (tells of signals and goes on for ever). Others are not found.
 */
export function openFakeGuest(): Duplex {
  const reader = new FrameReader();
  let onFrame: ((frame: Frame) => void) | undefined;
  let resume: (() => void) | undefined;
  const stream = new Duplex({
    read: () => {
      // Cleared first: who is woken may have to wait again at once.
      const wake = resume;
      resume = undefined;
      wake?.();
    },
    write: (chunk: Uint8Array, _encoding, callback) => {
      try {
        for (const frame of reader.push(chunk)) {
          if (onFrame === undefined) onFrame = start(JSON.parse(Buffer.from(frame.payload).toString()) as ExecSpec);
          else onFrame(frame);
        }
      } catch (error) {
        return callback(error as Error);
      }
      if (resume === undefined) callback();
      else resume = chain(resume, callback);
    },
  });
  const send = (bytes: Uint8Array): void => {
    if (!stream.push(bytes)) resume = chain(resume, () => undefined);
  };
  const exit = (how: ExecExit): void => {
    send(encodeJsonFrame(FRAME.exited, how));
    stream.push(null);
  };
  const print = (text: string): void => send(encodeFrame(FRAME.stdout, Buffer.from(text)));

  const start = (spec: ExecSpec): ((frame: Frame) => void) => {
    const [program = "", ...rest] = spec.argv;
    const known = ["echo", "warn", "cat", "exit", "die", "bytes", "env", "where", "size", "wait", "deaf", "sh", "hex"];
    if (!known.includes(program)) {
      send(encodeJsonFrame(FRAME.failed, { code: "not_found", message: `${program}: not found` }));
      stream.push(null);
      return () => undefined;
    }
    send(encodeJsonFrame(FRAME.started, {}));
    switch (program) {
      case "echo":
        print(`${rest.join(" ")}\n`);
        exit({ code: 0 });
        break;
      case "warn":
        send(encodeFrame(FRAME.stderr, Buffer.from(`${rest.join(" ")}\n`)));
        exit({ code: 0 });
        break;
      case "hex":
        send(encodeFrame(FRAME.stdout, Buffer.from(rest[0] ?? "", "hex")));
        exit({ code: 0 });
        break;
      case "exit":
        exit({ code: Number(rest[0]) });
        break;
      case "die":
        exit({ signal: Number(rest[0]) });
        break;
      case "env":
        print(`${spec.env[rest[0] ?? ""] ?? "(unset)"}\n`);
        exit({ code: 0 });
        break;
      case "where":
        print(`${spec.cwd ?? "~"} ${spec.user ?? "root"}\n`);
        exit({ code: 0 });
        break;
      case "bytes":
        for (let left = Number(rest[0]); left > 0; left -= 65_536)
          send(encodeFrame(FRAME.stdout, Buffer.alloc(Math.min(left, 65_536), "x")));
        exit({ code: 0 });
        break;
      case "size":
        print(spec.tty === undefined ? "no terminal\n" : `${spec.tty.rows}x${spec.tty.columns}\r\n`);
        break;
      case "wait":
      case "deaf":
      case "sh":
        print("ready\n");
        break;
      default:
    }
    return (frame) => answer(program, frame);
  };
  const answer = (program: string, { type, payload }: Frame): void => {
    if (program === "cat" && type === FRAME.stdin) send(encodeFrame(FRAME.stdout, payload));
    if (program === "size" && type === FRAME.resize) {
      const view = new DataView(payload.buffer, payload.byteOffset);
      print(`${view.getUint16(0)}x${view.getUint16(2)}\r\n`);
    }
    if (["size", "sh"].includes(program) && type === FRAME.stdin) exit({ code: 0 });
    if (["cat", "wait", "size", "sh"].includes(program) && type === FRAME.stdinEnd) exit({ code: 0 });
    if (program === "deaf" && type === FRAME.signal) print(`heard ${payload[0]}\n`);
    if (["wait", "sh"].includes(program) && type === FRAME.signal) exit({ signal: payload[0] ?? 0 });
  };
  return stream;
}

function chain(first: (() => void) | undefined, second: () => void): () => void {
  return () => {
    first?.();
    second();
  };
}
