/** What the frames of a copy say, written and parsed strictly. */
import {
  BLOCK_BYTES,
  COPY_CAPS,
  COPY_FRAME,
  COPY_PROBLEM,
  DIGEST_BYTES,
  MAX_MESSAGE_BYTES,
  MAX_NAME_BYTES,
  MAX_PATH_BYTES,
  type CopyFrameType,
  type CopyProblemCode,
} from "./copy-frames.ts";
import { encodeFrame, type Frame } from "./frames.ts";

export interface CopyMeta {
  /** Permissions with set-id and sticky bits, no type. */
  readonly mode: number;
  readonly mtimeNs: bigint;
}

/** What the receiver wants of an announced file: all, what follows a part, nothing if what stands there is the same, nothing. */
export type CopyAnswer =
  | { readonly wants: "send" | "unchanged" | "refused" }
  | { readonly wants: "part" | "whole"; readonly size: number; readonly digest: Uint8Array };

export interface CopyCounts {
  /** Files that arrived and were verified. */
  readonly files: number;
  /** Files that were there already. */
  readonly unchanged: number;
  /** Folders that were made. */
  readonly folders: number;
  readonly links: number;
  /** Content that was sent, in bytes: without what is zero, and without what was there already. */
  readonly bytes: number;
}

export type CopyMessage =
  | { readonly type: "spec" | "failed"; readonly json: Uint8Array }
  | ({ readonly type: "folder"; readonly name: Uint8Array } & CopyMeta)
  | { readonly type: "leave" | "abandon" | "same" | "finish" }
  | { readonly type: "link"; readonly mtimeNs: bigint; readonly name: Uint8Array; readonly target: Uint8Array }
  | ({ readonly type: "file"; readonly size: number; readonly name: Uint8Array } & CopyMeta)
  | { readonly type: "start"; readonly offset: number }
  | { readonly type: "data"; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly type: "end"; readonly grew: boolean; readonly digest: Uint8Array }
  | { readonly type: "problem"; readonly code: CopyProblemCode; readonly path: Uint8Array; readonly message: string }
  | ({ readonly type: "answer" } & CopyAnswer)
  | ({ readonly type: "done" } & CopyCounts);

const ANSWERS = ["send", "part", "whole", "unchanged", "refused"] as const;
const COUNTS = ["files", "unchanged", "folders", "links", "bytes"] as const;
const TYPES = new Map(Object.entries(COPY_FRAME).map(([type, number]) => [number, type as CopyMessage["type"]]));
const CODES = new Map(Object.entries(COPY_PROBLEM).map(([code, number]) => [number as number, code as CopyProblemCode]));

/** A message as the bytes of its frame. Throws `RangeError` when it is larger than a frame may be. */
export function encodeCopyMessage(message: CopyMessage): Uint8Array {
  return encodeFrame(COPY_FRAME[message.type], payloadOf(message), COPY_CAPS);
}

function payloadOf(message: CopyMessage): Uint8Array {
  switch (message.type) {
    case "spec":
    case "failed":
      return message.json;
    case "leave":
    case "abandon":
    case "same":
    case "finish":
      return new Uint8Array();
    case "folder":
      return Buffer.concat([u32(message.mode), i64(message.mtimeNs), message.name]);
    case "link":
      return Buffer.concat([i64(message.mtimeNs), Uint8Array.of(message.name.length), message.name, message.target]);
    case "file":
      return Buffer.concat([u32(message.mode), i64(message.mtimeNs), u64(message.size), message.name]);
    case "start":
      return u64(message.offset);
    case "data":
      return Buffer.concat([u64(message.offset), message.bytes]);
    case "end":
      return Buffer.concat([Uint8Array.of(message.grew ? 1 : 0), message.digest]);
    case "problem": {
      const head = Buffer.alloc(3);
      head.writeUInt8(COPY_PROBLEM[message.code]);
      head.writeUInt16BE(message.path.length, 1);
      return Buffer.concat([head, message.path, Buffer.from(message.message)]);
    }
    case "answer": {
      const number = Uint8Array.of(ANSWERS.indexOf(message.wants));
      return "digest" in message ? Buffer.concat([number, u64(message.size), message.digest]) : number;
    }
    case "done":
      return Buffer.concat(COUNTS.map((count) => u64(message[count])));
  }
}

/** What a frame says. Throws `RangeError` when it does not say it as it must. */
export function parseCopyFrame({ type, payload }: Frame<CopyFrameType>): CopyMessage {
  const kind = TYPES.get(type);
  if (kind === undefined) throw new RangeError(`unknown frame type ${type}`);
  const fields = new Fields(kind, payload);
  const message = readMessage(kind, fields);
  if (fields.left > 0) throw fields.wrong("is too long");
  return message;
}

function readMessage(type: CopyMessage["type"], fields: Fields): CopyMessage {
  switch (type) {
    case "spec":
    case "failed":
      return { type, json: fields.rest() };
    case "leave":
    case "abandon":
    case "same":
    case "finish":
      return { type };
    case "folder":
      return { type, ...fields.meta(), name: fields.left > 0 ? fields.name(fields.left) : fields.rest() };
    case "link": {
      const mtimeNs = fields.i64();
      const name = fields.name(fields.u8());
      return { type, mtimeNs, name, target: fields.target() };
    }
    case "file": {
      const meta = fields.meta();
      const size = fields.size();
      return { type, ...meta, size, name: fields.name(fields.left) };
    }
    case "start":
      return { type, offset: fields.offset() };
    case "data": {
      const offset = fields.offset();
      const bytes = fields.rest();
      if (bytes.length === 0) throw fields.wrong("is empty");
      return { type, offset, bytes };
    }
    case "end":
      return { type, grew: fields.flag(), digest: fields.take(DIGEST_BYTES) };
    case "problem": {
      const code = CODES.get(fields.u8());
      if (code === undefined) throw fields.wrong("has an unknown code");
      const length = fields.u16();
      if (length > MAX_PATH_BYTES || fields.left > length + MAX_MESSAGE_BYTES) throw fields.wrong("is too long");
      return { type, code, path: fields.take(length), message: new TextDecoder().decode(fields.rest()) };
    }
    case "answer": {
      const wants = ANSWERS[fields.u8()];
      if (wants === undefined) throw fields.wrong("is no answer");
      if (wants !== "part" && wants !== "whole") return { type, wants };
      return { type, wants, size: wants === "part" ? fields.offset() : fields.size(), digest: fields.take(DIGEST_BYTES) };
    }
    case "done": {
      const [files, unchanged, folders, links, bytes] = [fields.size(), fields.size(), fields.size(), fields.size(), fields.size()];
      return { type, files, unchanged, folders, links, bytes };
    }
  }
}

class Fields {
  readonly #kind: string;
  readonly #bytes: Buffer;
  #at = 0;

  constructor(kind: string, payload: Uint8Array) {
    this.#kind = kind;
    this.#bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  take(count: number): Uint8Array {
    if (this.left < count) throw this.wrong("is too short");
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  rest(): Uint8Array {
    return this.take(this.left);
  }

  u8(): number {
    return this.take(1)[0] ?? 0;
  }

  u16(): number {
    return this.#number(2, (at) => this.#bytes.readUInt16BE(at));
  }

  i64(): bigint {
    return this.#number(8, (at) => this.#bytes.readBigInt64BE(at));
  }

  size(): number {
    const size = this.#number(8, (at) => this.#bytes.readBigUInt64BE(at));
    if (size > BigInt(Number.MAX_SAFE_INTEGER)) throw this.wrong("has a size beyond all files");
    return Number(size);
  }

  offset(): number {
    const offset = this.size();
    if (offset % BLOCK_BYTES !== 0) throw this.wrong("is not at a block");
    return offset;
  }

  flag(): boolean {
    const value = this.u8();
    if (value > 1) throw this.wrong("says neither yes nor no");
    return value === 1;
  }

  meta(): CopyMeta {
    const mode = this.#number(4, (at) => this.#bytes.readUInt32BE(at));
    if (mode > 0o7777) throw this.wrong("has no mode");
    return { mode, mtimeNs: this.i64() };
  }

  /** One step of a path: never out of a folder, never past one. */
  name(length: number): Uint8Array {
    const name = this.take(length);
    const isDots = name.length <= 2 && name.every((byte) => byte === 0x2e);
    if (isDots || name.length > MAX_NAME_BYTES || name.includes(0) || name.includes(0x2f)) throw this.wrong("has no name");
    return name;
  }

  target(): Uint8Array {
    const target = this.rest();
    if (target.length === 0 || target.length >= MAX_PATH_BYTES || target.includes(0)) throw this.wrong("leads nowhere");
    return target;
  }

  wrong(how: string): RangeError {
    return new RangeError(`a ${this.#kind} frame ${how}`);
  }

  #number<T>(bytes: number, read: (at: number) => T): T {
    if (this.left < bytes) throw this.wrong("is too short");
    this.#at += bytes;
    return read(this.#at - bytes);
  }
}

function u32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function u64(value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

function i64(value: bigint): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
}
