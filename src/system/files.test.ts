import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeFiles } from "./files.ts";

let root: string;
beforeEach(async () => {
  root = await fs.mkdtemp(join(tmpdir(), "banger-files-"));
});
afterEach(async () => {
  await fs.rm(root, { recursive: true });
});

describe("files", () => {
  test("are written whole, over what was there, with the mode asked for", async () => {
    const files = makeFiles([root]);
    await files.write(join(root, "a"), "one");
    await files.write(join(root, "a"), "two", 0o640);
    expect(await files.readText(join(root, "a"))).toBe("two");
    expect((await files.find(join(root, "a")))?.mode).toBe(0o640);
    expect(await files.list(root)).toEqual(["a"]);
  });

  test("are written whole by many at once, with the last word of one of them", async () => {
    const files = makeFiles([root]);
    const contents = Array.from({ length: 20 }, (_, at) => String(at).repeat(5000));
    await Promise.all(contents.map((content) => files.write(join(root, "a"), content)));
    expect(contents).toContain(await files.readText(join(root, "a")));
    expect(await files.list(root)).toEqual(["a"]);
  });

  test("are changed by one after the other, so that no change is lost", async () => {
    const files = makeFiles([root]);
    const path = join(root, "list");
    const add = (line: string): Promise<void> => files.update(path, (text = "") => `${text}${line}\n`);
    await Promise.all(Array.from({ length: 20 }, (_, at) => add(String(at))));
    expect((await files.readText(path)).split("\n").length).toBe(21);
    expect(files.update(path, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    await files.update(path, () => undefined);
    await add("last");
    expect(await files.readText(path)).toEndWith("19\nlast\n");
  });

  test("are not read above the cap", async () => {
    const files = makeFiles([root]);
    await files.write(join(root, "a"), "12345");
    expect(await files.readText(join(root, "a"), 5)).toBe("12345");
    expect(files.read(join(root, "a"), 4)).rejects.toThrow(/more than the 4 allowed/);
    expect(files.read("/proc/self/status", 10)).rejects.toThrow(/more than 10 bytes/);
  });

  test("that are pipes are refused at once, so that none of us waits for whoever would write into one", async () => {
    const files = makeFiles([root]);
    Bun.spawnSync(["mkfifo", join(root, "pipe")]);
    await fs.symlink("pipe", join(root, "link"));
    for (const name of ["pipe", "link"]) {
      const refused = expect(files.readText(join(root, name))).rejects.toMatchObject({ code: "file_unusable" });
      // A thread that waits for a writer is lost otherwise, and with it the end of this test.
      await Promise.race([refused, Bun.sleep(20_000).then(() => Promise.reject(new Error(`${name} is waited for`)))]);
    }
    expect(files.readRange(join(root, "pipe"), 0, 1)).rejects.toMatchObject({ code: "file_unusable" });
  });

  test("that are pipes of our own are read, as what a shell makes of <(...)", async () => {
    const program = `import { makeFiles } from ${JSON.stringify(join(import.meta.dir, "files.ts"))};
      process.stdout.write(await makeFiles([]).readText(process.argv[1]));`;
    const { stdout } = Bun.spawnSync(["bash", "-c", `"$0" -e "$1" <(sleep 0.2; echo word)`, process.execPath, program]);
    expect(stdout.toString()).toBe("word\n");
  });

  test("that are missing are told so", async () => {
    expect(makeFiles([root]).read(join(root, "no"), 1)).rejects.toThrow(/no such file/);
    expect(await makeFiles([root]).find(join(root, "no"))).toBeUndefined();
  });

  test("forget their beginning, and keep their offsets", async () => {
    const files = makeFiles([root]);
    const path = join(root, "a");
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, at) => at % 251));
    await files.write(path, bytes);
    expect(await files.firstData(path)).toBe(0);
    await files.forgetStart(path, 100_000);
    const first = await files.firstData(path);
    expect(first).toBeWithin(131_072, 200_001);
    expect((await files.find(path))?.bytes).toBe(bytes.length);
    expect((await files.readRange(path, first, 400_000)).equals(bytes.subarray(first))).toBe(true);
    const into = Buffer.alloc(10);
    const read = await files.readRange(path, 250_000, 250_010, into);
    expect([read.equals(bytes.subarray(250_000, 250_010)), read.buffer === into.buffer]).toEqual([true, true]);
    // What has not grown that long stays.
    await files.forgetStart(path, 400_000);
    expect(await files.firstData(path)).toBe(first);
    expect(files.firstData(join(root, "no"))).rejects.toMatchObject({ code: "file_not_found" });
  });

  test("tell when they change, and go on telling", async () => {
    const files = makeFiles([root]);
    const path = join(root, "a");
    await fs.writeFile(path, "");
    const over = new AbortController();
    let looks = 0;
    await fs.appendFile(path, "x");
    for await (const _ of files.watch(path, over.signal)) {
      looks += 1;
      if (looks === 3) over.abort();
      else await fs.appendFile(path, "x");
    }
    expect(looks).toBe(3);
  });

  test("that are not there can be watched for: somebody looks now and then", async () => {
    const over = new AbortController();
    for await (const _ of makeFiles([root]).watch(join(root, "no"), over.signal)) over.abort();
    expect(over.signal.aborted).toBe(true);
  });

  test("are copied with their holes", async () => {
    const files = makeFiles([root]);
    const [from, to] = [join(root, "from"), join(root, "to")];
    await files.makeSparse(from, 64 << 20);
    const handle = await fs.open(from, "r+");
    await handle.write("begin", 0);
    await handle.write("middle", (50 << 20) + 17);
    await handle.close();
    await files.copySparse(from, to);
    const copy = await files.find(to);
    expect(copy?.bytes).toBe(64 << 20);
    expect(copy?.allocatedBytes).toBeLessThan(1 << 20);
    expect(await files.sha256(to)).toBe(await files.sha256(from));
    expect(files.copySparse(from, to)).rejects.toThrow(/EEXIST/);
    const part = join(root, "part");
    await files.copySparse(from, part, undefined, { start: (50 << 20) + 16, end: 60 << 20 });
    expect(await files.find(part)).toMatchObject({ bytes: (10 << 20) - 16 });
    expect((await files.readRange(part, 0, 9)).toString()).toBe("\0middle\0\0");
    await files.copySparse(from, join(root, "hole"), undefined, { start: 1 << 20, end: 2 << 20 });
    expect((await files.find(join(root, "hole")))?.allocatedBytes).toBe(0);
    expect(files.copySparse(from, join(root, "long"), undefined, { start: 0, end: (64 << 20) + 1 })).rejects.toThrow(/not/);
  });

  test("grow and never shrink", async () => {
    const files = makeFiles([root]);
    await files.makeSparse(join(root, "a"), 10);
    await files.grow(join(root, "a"), 100);
    await files.grow(join(root, "a"), 50);
    expect((await files.find(join(root, "a")))?.bytes).toBe(100);
  });
});

describe("removing a tree", () => {
  test("takes everything below one of our roots", async () => {
    const files = makeFiles([root]);
    await files.makeFolder(join(root, "a/b"));
    await files.write(join(root, "a/b/c"), "x");
    await files.removeTree(join(root, "a"));
    await files.removeTree(join(root, "a"));
    expect(await files.list(root)).toEqual([]);
  });

  test("refuses what is not below a root", async () => {
    const files = makeFiles([join(root, "ours")]);
    await fs.mkdir(join(root, "ours"));
    await fs.mkdir(join(root, "theirs"));
    for (const path of [join(root, "theirs"), join(root, "ours"), `${root}/ours/../theirs`, `${root}/ours/`, "/"]) {
      expect(files.removeTree(path)).rejects.toThrow(/not inside a folder of banger's/);
    }
    expect((await fs.readdir(root)).toSorted()).toEqual(["ours", "theirs"]);
  });

  test("refuses what is reached through a link, and removes a link without its target", async () => {
    const files = makeFiles([join(root, "ours")]);
    await fs.mkdir(join(root, "ours"));
    await fs.mkdir(join(root, "theirs/deep"), { recursive: true });
    await fs.symlink(join(root, "theirs"), join(root, "ours/link"));
    expect(files.removeTree(join(root, "ours/link/deep"))).rejects.toThrow(/is not a folder/);
    await files.removeTree(join(root, "ours/link"));
    expect(await fs.readdir(join(root, "theirs"))).toEqual(["deep"]);
  });
});
