/** What comes on stdin gets to the daemon, whatever stdin is. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { closeWorld, openWorld, type World } from "../support/world.ts";

setDefaultTimeout(60_000);

let world: World;
let tar: Uint8Array;
beforeAll(async () => {
  world = await openWorld({ isolatedGoods: true });
  writeFileSync(join(world.folder, "hello"), "hello".repeat(100_000));
  tar = Bun.spawnSync(["tar", "--create", "--directory", world.folder, "hello"]).stdout;
  writeFileSync(join(world.folder, "hello.tar"), tar);
});
afterAll(() => closeWorld(world));

const shell = (script: string): { readonly code: number; readonly stderr: string } => {
  const ran = Bun.spawnSync(["bash", "-c", script, world.program], { cwd: world.folder, env: { ...world.environment } });
  return { code: ran.exitCode, stderr: ran.stderr.toString() };
};

test.each([
  ["a pipe", 'cat hello.tar | "$0" image import pipe --from -'],
  ["a pipe by its path", 'cat hello.tar | "$0" image import path --from /dev/stdin'],
  ["a file", '"$0" image import file --from - < hello.tar'],
  ["what a shell substitutes", '"$0" image import substituted --from <(gzip -c hello.tar)'],
])("from %s", (_what, script) => expect(shell(script)).toMatchObject({ code: 0 }));

test("from a socket, as under ssh, with the words and the exit code as they are", async () => {
  // What a program of this runtime gives its child is a socket.
  expect(await world.ok(["image", "import", "socket", "--from", "-", "--json"], { input: tar })).toMatch(/^\{"name":"socket"/);
  const again = await world.banger(["image", "import", "socket", "--from", "-"], { input: tar });
  expect(again).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("there is an image socket already") });
  expect((await world.banger(["image", "import", "x y", "--from", "-"], { input: tar })).code).not.toBe(0);
});

test("into a bundle", async () => {
  const ran = shell('mkdir made; cat hello.tar | "$0" internal make-bundle web --into made --kernel-ref k --size 10M');
  expect(ran).toMatchObject({ code: 0 });
  expect(readdirSync(join(world.folder, "made"))).toEqual([expect.stringMatching(/^web-amd64-[0-9a-f]{16}\.tar\.zst$/)]);
  expect(shell('"$0" internal make-bundle web --into made --from hello.tar --size 4K').stderr).toContain("MiB that are allowed");
});

test("one that was cut off is refused", async () => {
  for (const script of ['head -c 300000 hello.tar | "$0" image import cut --from -', '"$0" image import cut --from - < /dev/null']) {
    const { code, stderr } = shell(script);
    expect(code).toBe(1);
    expect(stderr).toContain("cannot import image cut from -");
  }
  const { images } = await world.json<{ images: readonly { name: string }[] }>(["image", "list"]);
  expect(images.map(({ name }) => name)).toEqual(["file", "path", "pipe", "socket", "substituted"]);
});
