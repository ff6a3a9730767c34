/**
 * A guest that wants to reach outside, and files that are none or do not keep still: G4 of the security design. Around the place
 * that is copied to lies a tree of canaries; whatever comes, it is the same afterwards.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  renameSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  linkSync,
  rmdirSync,
} from "node:fs";
import { join } from "node:path";
import { Duplex } from "node:stream";
import { BLOCK_BYTES, COPY_CAPS, COPY_FRAME, type CopyFrameType } from "../../src/contract/copy-frames.ts";
import { encodeCopyMessage, type CopyMessage } from "../../src/contract/copy-messages.ts";
import { encodeFrame, FrameReader } from "../../src/contract/frames.ts";
import { Content } from "../../src/sdk/copy/content.ts";
import { copyIn, copyOut } from "../../src/sdk/copy/copy.ts";
import { partName } from "../../src/sdk/copy/part-file.ts";
import type { CopyOptions, CopyProblem, CopyResult } from "../../src/sdk/sdk.ts";
import { openFolder, tell } from "./copy-trees.ts";
import { openRealAgent, type RealAgent } from "./real-agent.ts";

setDefaultTimeout(60_000);
const never = new AbortController().signal;
const text = (words: string): Uint8Array => Buffer.from(words);
const meta = { mode: 0o644, mtimeNs: 1_700_000_000_000_000_000n };

const folder = (name: string): CopyMessage => ({ type: "folder", name: text(name), ...meta, mode: 0o755 });
const leave: CopyMessage = { type: "leave" };
const link = (name: string, target: string): CopyMessage => ({ type: "link", name: text(name), target: text(target), mtimeNs: 0n });
const finish: CopyMessage = { type: "finish" };
const announce = (name: string, size: number): CopyMessage => ({ type: "file", name: text(name), size, ...meta });
/** A file with its content, as an honest guest sends it. */
function file(name: string, content: string): readonly CopyMessage[] {
  const digest = new Content();
  digest.add(0, text(content));
  const data: readonly CopyMessage[] = content === "" ? [] : [{ type: "data", offset: 0, bytes: text(content) }];
  const size = text(content).length;
  return [announce(name, size), { type: "start", offset: 0 }, ...data, { type: "end", grew: false, digest: digest.digestAt(size) }];
}
const raw = (type: number, hex: string): Uint8Array => encodeFrame(type, Buffer.from(hex.replaceAll(" ", ""), "hex"), COPY_CAPS);
const META = `000001ed${"0".repeat(16)}`;
const hexOf = (words: string): string => Buffer.from(words, "latin1").toString("hex");
const folderRaw = (name: string): Uint8Array => raw(COPY_FRAME.folder, META + hexOf(name));
const fileRaw = (name: string): Uint8Array => raw(COPY_FRAME.file, `${META}${"0".repeat(15)}1${hexOf(name)}`);
const linkRaw = (name: string, target: string): Uint8Array =>
  raw(COPY_FRAME.link, `${"0".repeat(16)}${name.length.toString(16).padStart(2, "0")}${hexOf(name)}${hexOf(target)}`);

type Said = CopyMessage | Uint8Array;

/** The guest's end of a copy: says this, whatever it is told, and then nothing. */
function openGuest(said: readonly Said[]): Duplex {
  const bytes = said.map((each) => (each instanceof Uint8Array ? each : encodeCopyMessage(each)));
  const stream = new Duplex({ read: () => undefined, write: (_chunk, _encoding, callback) => callback() });
  stream.push(Buffer.concat(bytes));
  stream.push(null);
  return stream;
}

/** A place to copy to, with canaries around it and, where asked, links out of it. */
function openCage(): Disposable & { readonly top: string; readonly place: string; check(): void } {
  const cage = openFolder();
  const place = join(cage.path, "place");
  mkdirSync(place);
  mkdirSync(join(cage.path, "canaries/inner"), { recursive: true });
  for (const name of ["a", "inner/b"]) writeFileSync(join(cage.path, "canaries", name), `canary ${name}`, { mode: 0o640 });
  symlinkSync("a", join(cage.path, "canaries/link"));
  const before = tell(cage.path, ["place"]);
  const { ".": _top, ...canaries } = before;
  return {
    top: cage.path,
    place,
    check: () => {
      const { ".": _now, ...now } = tell(cage.path, ["place"]);
      expect(now).toEqual(canaries);
    },
    [Symbol.dispose]: () => cage[Symbol.dispose](),
  };
}

async function receive(
  place: string,
  said: readonly Said[],
  options: CopyOptions = {},
): Promise<{ result?: CopyResult; error?: unknown; problems: CopyProblem[] }> {
  const problems: CopyProblem[] = [];
  try {
    const result = await copyOut(async () => openGuest(said), ["/x"], place, {
      ...options,
      onProblem: (problem) => problems.push(problem),
    });
    return { result, problems };
  } catch (error) {
    return { error, problems };
  }
}

const GARBLED: readonly (readonly [string, readonly Said[]])[] = [
  ...[
    "..",
    ".",
    "../canaries",
    "/etc",
    "a/b",
    "a/../../canaries",
    "./x",
    "a\0b",
    "",
    "..\0",
    "/",
    "//",
    "x/",
    "\0",
    "a//b",
    "/..",
    "../..",
    "etc/passwd",
  ].flatMap((name): readonly (readonly [string, readonly Said[]])[] => [
    ...(name === "" ? [] : [[`a folder ${JSON.stringify(name)}`, [folderRaw(name)]] as const]),
    [`a file ${JSON.stringify(name)}`, [fileRaw(name)]],
    [`a link ${JSON.stringify(name)}`, [linkRaw(name, "x")]],
  ]),
  ["a name too long", [raw(COPY_FRAME.folder, META + "61".repeat(255)), new Uint8Array([1, 0, 0, 1, 12])]],
  ["a link to nowhere", [linkRaw("x", "")]],
  ["a link with a zero byte", [linkRaw("x", "a\0b")]],
  ["a link longer than a path", [raw(COPY_FRAME.link, `${"0".repeat(16)}0161${"62".repeat(4096)}`)]],
  ["leaving the place itself", [leave, ...file("x", "x"), finish]],
  ["leaving more than was entered", [folder("a"), leave, leave, finish]],
  ["a nameless folder inside", [folder("a"), folder(""), finish]],
  ["content of no file", [{ type: "data", offset: 0, bytes: text("x") }]],
  ["a start of no file", [{ type: "start", offset: 0 }]],
  ["content before its start", [announce("x", 1), { type: "data", offset: 0, bytes: text("x") }]],
  ["two starts", [announce("x", 1), { type: "start", offset: 0 }, { type: "start", offset: 0 }]],
  ["a start behind a part that is not there", [announce("x", 100_000), { type: "start", offset: BLOCK_BYTES }]],
  ["more content than the size", [announce("x", 1), { type: "start", offset: 0 }, { type: "data", offset: 0, bytes: text("xy") }]],
  ["content far behind the end", [announce("x", 1), { type: "start", offset: 0 }, { type: "data", offset: 2 ** 40, bytes: text("x") }]],
  [
    "content twice",
    [
      announce("x", 9),
      { type: "start", offset: 0 },
      { type: "data", offset: 0, bytes: text("x") },
      { type: "data", offset: 0, bytes: text("y") },
    ],
  ],
  ["an end of no file", [{ type: "end", grew: false, digest: new Uint8Array(32) }]],
  ["an end before a start", [announce("x", 0), { type: "end", grew: false, digest: new Uint8Array(32) }]],
  ["the same, unasked", [announce("x", 0), { type: "same" }]],
  ["an end in the middle of a folder", [folder("a"), finish]],
  ["an end in the middle of a file", [announce("x", 1), finish]],
  ["more files than may wait", Array.from({ length: 65 }, (_, at) => announce(`f${at}`, 1))],
  ["what only a host says", [{ type: "spec", json: text("{}") }]],
  ["an answer", [{ type: "answer", wants: "send" }]],
  ["a count", [{ type: "done", files: 1, unchanged: 0, folders: 0, links: 0, bytes: 0 }]],
  ["an unknown frame", [new Uint8Array([99, 0, 0, 0, 0])]],
  ["a frame above its cap", [new Uint8Array([6, 0xff, 0xff, 0xff, 0xff])]],
  ["a failure without words", [{ type: "failed", json: text("nothing") }]],
  ["a failure with too many words", [{ type: "failed", json: text('{"code":"x","message":"y","more":1}') }]],
  ["a failure with a wild code", [{ type: "failed", json: text('{"code":"\\u001b[2J","message":"y"}') }]],
];

describe("a guest that sends", () => {
  test.each(GARBLED.map(([what, said]) => [what, said] as const))("%s is cut off", async (_what, said) => {
    using cage = openCage();
    const { error } = await receive(cage.place, said);
    expect(error).toMatchObject({ code: "guest_garbled" });
    cage.check();
  });

  test("half a message is told as a copy that was broken off", async () => {
    using cage = openCage();
    expect((await receive(cage.place, [encodeCopyMessage(announce("x", 5)).subarray(0, 7)])).error).toMatchObject({
      code: "copy_broken_off",
    });
    cage.check();
  });

  test.each([
    ["a link, and a folder through it", [link("l", "../canaries"), folder("l"), announce("a", 6), leave, finish], 1],
    ["a link to the root, and a folder through it", [link("l", "/"), folder("l"), folder("tmp"), leave, leave, finish], 1],
    ["a link, and a file in its place", [link("l", "../canaries/a"), ...file("l", "spoilt"), finish], 0],
    [
      "a link under the name of a part, and its file",
      [link(partName(text("f")).toString(), "../canaries/a"), ...file("f", "spoilt"), finish],
      1,
    ],
    ["a chain of links", [link("l", "m"), link("m", "../canaries"), folder("l"), folder("inner"), leave, leave, finish], 1],
    ["a link to itself", [link("l", "l"), folder("l"), leave, ...file("l", "mine"), finish], 1],
    ["a file, and a folder in its place", [...file("f", "x"), folder("f"), announce("a", 1), leave, finish], 1],
    ["a folder, and a link in its place", [folder("f"), leave, link("f", "../canaries"), folder("f"), ...file("a", "x"), leave, finish], 1],
    ["a folder under the name of a part", [folder(partName(new Uint8Array()).toString()), leave, finish], 1],
    ["a name of newlines and escapes", [...file("a\nb\u001b[2J\r", "x"), finish], 0],
    [
      "a program that runs as its owner",
      [...file("s", "x").map((said) => (said.type === "file" ? { ...said, mode: 0o6755 } : said)), finish],
      0,
    ],
    [
      "a folder that nobody may enter, and what is in it",
      [{ ...folder("n"), mode: 0 } as CopyMessage, ...file("a", "x"), leave, finish],
      0,
    ],
  ] as const)("%s reaches nothing", async (_what, said, expected) => {
    using cage = openCage();
    const { result, problems } = await receive(cage.place, said);
    expect(result?.problems).toBe(expected);
    expect(problems).toHaveLength(expected);
    for (const told of Object.values(tell(cage.place))) expect(Number.parseInt(told.mode || "0", 8) & 0o7000).toBe(0);
    cage.check();
  });

  test.each([
    ["a folder", (place: string) => symlinkSync("../canaries", join(place, "f")), [folder("f"), announce("a", 6), leave, finish], 1],
    ["a file", (place: string) => symlinkSync("../canaries/a", join(place, "f")), [...file("f", "spoilt"), finish], 0],
    ["a link", (place: string) => symlinkSync("../canaries/a", join(place, "f")), [link("f", "x"), finish], 0],
    [
      "a part",
      (place: string) => symlinkSync("../canaries/a", join(place, partName(text("f")).toString())),
      [...file("f", "x"), finish],
      0,
    ],
    [
      "a part by another name",
      (place: string) => linkSync(join(place, "../canaries/a"), join(place, partName(text("f")).toString())),
      [...file("f", "x"), finish],
      0,
    ],
    ["a folder, as a FIFO", (place: string) => Bun.spawnSync(["mkfifo", join(place, "f")]), [folder("f"), leave, finish], 1],
    [
      "a part, as a FIFO",
      (place: string) => Bun.spawnSync(["mkfifo", join(place, partName(text("f")).toString())]),
      [...file("f", "x"), finish],
      0,
    ],
    ["a file, as a FIFO", (place: string) => Bun.spawnSync(["mkfifo", join(place, "f")]), [announce("f", 1), finish], 1],
  ] as const)("%s where an earlier copy left something else reaches nothing", async (_what, plant, said, expected) => {
    for (const resume of [false, true]) {
      using cage = openCage();
      plant(cage.place);
      const before = tell(cage.top, ["place"]);
      const { result } = await receive(cage.place, said, { resume });
      expect(result?.problems).toBe(expected);
      expect(tell(cage.top, ["place"])).toMatchObject({ "canaries/a": { what: before["canaries/a"]?.what ?? "" } });
      cage.check();
    }
  });

  test("through folders that somebody swaps for links at the same time reaches nothing", async () => {
    using cage = openCage();
    const said: Said[] = [];
    for (let at = 0; at < 400; at += 1) said.push(folder("f"), ...file(`a${at}`, "spoilt"), link("l", "../canaries"), leave);
    let isOver = false;
    const swapping = (async () => {
      for (let at = 0; !isOver; at += 1) {
        try {
          renameSync(join(cage.place, "f"), join(cage.place, `moved${at}`));
          symlinkSync("../canaries", join(cage.place, "f"));
          await new Promise((resolve) => setImmediate(resolve));
          unlinkSync(join(cage.place, "f"));
        } catch {
          // Not there this time.
        }
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    await receive(cage.place, [...said, finish]);
    isOver = true;
    await swapping;
    cage.check();
  });

  test("a folder in a folder beyond all depth is told once, and what lies in it is passed over", async () => {
    using cage = openCage();
    const deep = Array.from({ length: 200 }, () => folder("d"));
    const { result, problems } = await receive(cage.place, [
      ...deep,
      ...file("x", "x").slice(0, 1),
      ...deep.map(() => leave),
      ...file("y", "y"),
      finish,
    ]);
    expect(problems.map(({ code }) => code)).toEqual(["limit"]);
    expect(result).toMatchObject({ folders: 128, files: 1 });
    cage.check();
  });

  test("a path longer than any is told", async () => {
    using cage = openCage();
    const long = Array.from({ length: 20 }, () => folder("n".repeat(255)));
    const { problems } = await receive(cage.place, [...long, ...long.map(() => leave), finish]);
    expect(problems.map(({ code }) => code)).toEqual(["limit"]);
    cage.check();
  });

  test.each([
    [
      "other content than its digest",
      [
        announce("x", 3),
        { type: "start", offset: 0 },
        { type: "data", offset: 0, bytes: text("abc") },
        { type: "end", grew: false, digest: new Uint8Array(32) },
        finish,
      ],
    ],
    [
      "less content than its digest",
      [announce("x", 100_000), { type: "start", offset: 0 }, { type: "end", grew: false, digest: new Uint8Array(32) }, finish],
    ],
  ] as readonly (readonly [string, readonly CopyMessage[]])[])("%s gives no file", async (_what, said) => {
    using cage = openCage();
    const { result, problems } = await receive(cage.place, said);
    expect(result).toMatchObject({ files: 0, problems: 1 });
    expect(problems).toMatchObject([{ code: "damaged", path: "x" }]);
    expect(readdirSync(cage.place)).toEqual([]);
    cage.check();
  });

  test("a file larger than the disk is told, and ends the copy", async () => {
    using cage = openCage();
    const size = Number.MAX_SAFE_INTEGER;
    const last = Math.floor(size / BLOCK_BYTES) * BLOCK_BYTES;
    const said: readonly CopyMessage[] = [
      announce("x", size),
      { type: "start", offset: 0 },
      { type: "data", offset: last, bytes: text("x") },
      finish,
    ];
    expect((await receive(cage.place, said)).error).toMatchObject({ code: "copy_io" });
    cage.check();
  });

  test("problems without end is cut off", async () => {
    using cage = openCage();
    const problem = encodeCopyMessage({ type: "problem", code: "busy", path: text("x"), message: "" });
    const many = Buffer.concat(Array.from({ length: 20_000 }, () => problem));
    let sent = 0;
    const stream = new Duplex({
      read() {
        sent += 20_000;
        this.push(many);
      },
      write: (_chunk, _encoding, callback) => callback(),
    });
    let told = 0;
    const copying = copyOut(async () => stream, ["/x"], cage.place, { onProblem: () => (told += 1) });
    await expect(copying).rejects.toMatchObject({ code: "guest_garbled" });
    expect(told).toBeLessThanOrEqual(sent);
    expect(told).toBe(2_000_000);
    cage.check();
  });
});

test.each([
  ["more answers than were asked for", Array.from({ length: 200 }, (): CopyMessage => ({ type: "answer", wants: "send" }))],
  ["an end before the end", [{ type: "done", files: 1, unchanged: 0, folders: 0, links: 0, bytes: 0 }]],
  ["what only a sender says", [folder("x")]],
  ["a part larger than the file", [{ type: "answer", wants: "part", size: 2 ** 40, digest: new Uint8Array(32) }]],
  ["rubbish", [new Uint8Array([7, 7, 7, 7, 7])]],
] as readonly (readonly [string, readonly Said[]])[])("a guest that receives and says %s is cut off", async (_what, said) => {
  using from = openFolder();
  writeFileSync(join(from.path, "x"), "x");
  const stream = openGuest(said);
  await expect(copyIn(async () => stream, [from.path], "/x", {})).rejects.toMatchObject({ code: "guest_garbled" });
});

describe("what is no file or does not keep still", () => {
  let guest: RealAgent;
  beforeAll(async () => {
    guest = await openRealAgent();
  });
  afterAll(async () => guest[Symbol.asyncDispose]());
  const open = async (first: Uint8Array) => {
    const stream = await guest.agent.openCopy(never);
    stream.write(first);
    return stream;
  };
  const DIRECTIONS = [
    ["in", copyIn],
    ["out", copyOut],
  ] as const;

  test.each(DIRECTIONS)("is left out and told, going %s", async (_name, copy) => {
    using cage = openCage();
    using from = openFolder();
    const tree = join(from.path, "t");
    mkdirSync(tree);
    Bun.spawnSync(["mkfifo", join(tree, "fifo")]);
    const socket = Bun.listen({ unix: join(tree, "socket"), socket: { data: () => undefined } });
    symlinkSync("/dev/zero", join(tree, "device-link"));
    writeFileSync(join(tree, "good"), "good");
    writeFileSync(join(tree, partName(text("x")).toString()), "part");
    const problems: CopyProblem[] = [];
    const onProblem = (problem: CopyProblem): void => void problems.push(problem);
    const result = await copy(open, [tree, "/dev/null"], cage.place, { onProblem });
    socket.stop();
    expect(result).toMatchObject({ files: 1, links: 1, problems: 3 });
    expect(problems.map(({ code, message }) => `${code}: ${message}`).toSorted()).toEqual([
      "special: it is a FIFO, which is not copied",
      "special: it is a device, which is not copied",
      "special: it is a socket, which is not copied",
    ]);
    expect(Object.keys(tell(cage.place)).toSorted()).toEqual([".", "t", "t/device-link", "t/good"]);
    cage.check();
  });

  test.each(DIRECTIONS)("lies too deep or has too long a path is told, going %s, and the rest arrives", async (_name, copy) => {
    using cage = openCage();
    using from = openFolder();
    const nest =
      'mkdir "$0/deep" "$0/long"; cd "$0/deep"; for i in $(seq 140); do mkdir d; cd d; done; cd "$0/long"; for i in $(seq 20); do mkdir $1; cd $1; done';
    Bun.spawnSync(["sh", "-c", nest, from.path, "n".repeat(250)]);
    writeFileSync(join(from.path, "good"), "good");
    const codes: string[] = [];
    const result = await copy(open, [`${from.path}/.`], cage.place, { onProblem: ({ code }) => codes.push(code) });
    expect(codes).toEqual(["limit", "limit"]);
    expect(result).toMatchObject({ files: 1, problems: 2 });
    expect(await copy(open, ["x".repeat(60_000)], cage.place, {})).toMatchObject({ files: 0, problems: 1 });
    cage.check();
    Bun.spawnSync(["rm", "-rf", join(from.path, "long"), join(cage.place, "long")]);
  });

  const CHANGES = [
    ["grows", (path: string) => appendFileSync(path, "more"), "grew", true],
    ["shrinks", (path: string) => truncateSync(path, 10), "changed", false],
    [
      "is written to",
      (path: string) => Bun.spawnSync(["dd", "if=/dev/zero", `of=${path}`, "bs=1", "count=9", "conv=notrunc", "status=none"]),
      "changed",
      false,
    ],
  ] as const;
  test.each(DIRECTIONS.flatMap(([name, copy]) => CHANGES.map((change) => [name, copy, ...change] as const)))(
    "going %s, a file that %p %s while it is read is told, and not corrupted",
    async (_name, copy, _how, change, code, isKept) => {
      using cage = openCage();
      using from = openFolder();
      const path = join(from.path, "f");
      Bun.spawnSync(["sh", "-c", 'head -c 16777216 /dev/urandom > "$0"; cp "$0" "$0.before"', path]);
      const problems: CopyProblem[] = [];
      let isChanged = false;
      const onProgress = (): void => {
        if (!isChanged) change(path);
        isChanged = true;
      };
      const result = await copy(open, [path], cage.place, { onProgress, onProblem: (problem) => problems.push(problem) });
      expect(problems.map((problem) => problem.code)).toEqual([code]);
      expect(result.files).toBe(isKept ? 1 : 0);
      expect(readdirSync(cage.place)).toEqual(isKept ? ["f"] : []);
      if (isKept) expect(Bun.spawnSync(["cmp", `${path}.before`, join(cage.place, "f")]).exitCode).toBe(0);
      cage.check();
    },
  );

  test.each(DIRECTIONS)("going %s, a tree that is pulled away meanwhile ends in problems and not in another place", async (_name, copy) => {
    using cage = openCage();
    using from = openFolder();
    const tree = join(from.path, "t");
    for (let at = 0; at < 300; at += 1) {
      mkdirSync(join(tree, `d${at}`), { recursive: true });
      writeFileSync(join(tree, `d${at}/f`), "x".repeat(100_000));
    }
    let isGone = false;
    const onProgress = (): void => {
      if (isGone) return;
      isGone = true;
      for (let at = 0; at < 300; at += 1) {
        unlinkSync(join(tree, `d${at}/f`));
        rmdirSync(join(tree, `d${at}`));
        symlinkSync(join(cage.top, "canaries"), join(tree, `d${at}`));
      }
    };
    const result = await copy(open, [tree], cage.place, { onProgress });
    expect(result.files).toBeLessThan(300);
    for (const [name, told] of Object.entries(tell(cage.place))) if (told.kind === "file") expect(name).toMatch(/^t\/d\d+\/f$/);
    cage.check();
  });

  test("the agent's reader takes any bytes, and lives", async () => {
    const reader = new FrameReader<CopyFrameType>(COPY_CAPS);
    for (const said of [
      folder("x"),
      finish,
      { type: "spec", json: text('{"direction":"in"}') } as const,
      { type: "spec", json: text("[") } as const,
    ]) {
      const stream = await open(encodeCopyMessage(said));
      const answers: string[] = [];
      try {
        for await (const chunk of stream) for (const frame of reader.push(chunk as Uint8Array)) answers.push(String(frame.type));
      } catch (error) {
        answers.push((error as { code: string }).code);
      }
      expect(answers).toEqual(said.type === "spec" ? [String(COPY_FRAME.failed)] : ["guest_stream_reset"]);
    }
    expect((await guest.agent.health(never)).state).toBe("waiting");
  });
});
