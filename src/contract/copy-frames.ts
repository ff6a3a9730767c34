/**
 * The frames of a copy: framed like those of an exec stream (`frames.ts`), with types and caps of their own. The host sends one
 * `spec`. Then one side, the sender, announces what there is, and the other, the receiver, answers for each file what it wants
 * of it; `docs/wire.md` has the order. `guest/golden/copy-frames.json` holds examples that both sides' tests read.
 *
 *     folder   mode: u32 | mtime: i64 | name                  an empty name is the place itself that is copied to
 *     leave                                                   the end of a folder
 *     link     mtime: i64 | length of name: u8 | name | target
 *     file     mode: u32 | mtime: i64 | size: u64 | name
 *     start    offset: u64                                    the content of the next wanted file follows, from here
 *     data     offset: u64 | bytes                            whole blocks but for the file's last; what is left out is zero
 *     end      grew: u8 | digest
 *     abandon                                                 the rest of it cannot be sent
 *     same                                                    the file in its place is the same
 *     problem  code: u8 | length of path: u16 | path | message
 *     finish
 *     answer   0 send | 1 part, size: u64, digest | 2 whole, size: u64, digest | 3 unchanged | 4 refused, as u8
 *     done     files, unchanged, folders, links, bytes: u64 each
 *     failed   JSON
 *
 * Numbers are big-endian, times nanoseconds since 1970, digests those of `sdk/copy/content.ts`.
 */
import type { Caps } from "./frames.ts";

export const COPY_FRAME = {
  spec: 0,
  folder: 1,
  leave: 2,
  link: 3,
  file: 4,
  start: 5,
  data: 6,
  end: 7,
  abandon: 8,
  same: 9,
  problem: 10,
  finish: 11,
  answer: 32,
  done: 33,
  failed: 34,
} as const;
export type CopyFrameType = (typeof COPY_FRAME)[keyof typeof COPY_FRAME];

/** Content travels in blocks of this many bytes; those that are all zero do not. */
export const BLOCK_BYTES = 64 * 1024;
/** The most content of one `data` frame. */
export const CHUNK_BYTES = 4 * BLOCK_BYTES;
export const DIGEST_BYTES = 32;
export const MAX_NAME_BYTES = 255;
/** Of a path below what is copied, and of what a link leads to. */
export const MAX_PATH_BYTES = 4096;
/** Of a problem. */
export const MAX_MESSAGE_BYTES = 1024;
/** Files, folders and links of one copy. */
export const MAX_ENTRIES = 2_000_000;
/** Folders inside each other. */
export const MAX_DEPTH = 128;
/** Files that may be announced before their content comes. */
export const MAX_ANNOUNCED = 64;

export const COPY_CAPS: Caps = new Map([
  [COPY_FRAME.spec, 1024 * 1024],
  [COPY_FRAME.folder, 12 + MAX_NAME_BYTES],
  [COPY_FRAME.leave, 0],
  [COPY_FRAME.link, 9 + MAX_NAME_BYTES + MAX_PATH_BYTES],
  [COPY_FRAME.file, 20 + MAX_NAME_BYTES],
  [COPY_FRAME.start, 8],
  [COPY_FRAME.data, 8 + CHUNK_BYTES],
  [COPY_FRAME.end, 1 + DIGEST_BYTES],
  [COPY_FRAME.abandon, 0],
  [COPY_FRAME.same, 0],
  [COPY_FRAME.problem, 3 + MAX_PATH_BYTES + MAX_MESSAGE_BYTES],
  [COPY_FRAME.finish, 0],
  [COPY_FRAME.answer, 9 + DIGEST_BYTES],
  [COPY_FRAME.done, 40],
  [COPY_FRAME.failed, 4096],
]);

/** What is to be copied, for the guest; the payload of `spec`, as JSON. Paths that are not absolute begin at the user's home. */
export type CopySpec =
  | {
      readonly direction: "in";
      readonly to: string;
      /** `to` must be a folder that exists. */
      readonly several: boolean;
      /** `user` or `user:group`; root when absent. */
      readonly owner?: string;
      readonly resume: boolean;
      readonly checksum: boolean;
    }
  | {
      readonly direction: "out";
      readonly from: readonly string[];
      /** What links lead to is sent in their place. */
      readonly follow: boolean;
    };

/** Why something was not copied as it is; the numbers are those of the wire. */
export const COPY_PROBLEM = {
  not_found: 1,
  special: 2,
  unreadable: 3,
  changed: 4,
  grew: 5,
  limit: 6,
  in_the_way: 7,
  unwritable: 8,
  busy: 9,
  damaged: 10,
} as const;
export type CopyProblemCode = keyof typeof COPY_PROBLEM;
