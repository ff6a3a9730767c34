/** Several who pull one thing at once: it is fetched once, and all of them have it. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { writeLittleBootstrap } from "../support/little-bootstrap.ts";
import { offerLittle } from "../support/offered-bundle.ts";
import { withWorld } from "../support/world.ts";

setDefaultTimeout(60_000);

test("two pulls of one kernel at once both have it, and so has a third under another name, by one download", async () => {
  await withWorld({ isolatedGoods: true, isolatedCache: true, config: '[drivers]\norder = ["fake"]\n' }, async (world) => {
    const folder = join(world.folder, "web");
    const key = await offerLittle(world, folder);
    const served: string[] = [];
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    await using server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: async (request) => {
        const { pathname } = new URL(request.url);
        const file = Bun.file(join(folder, pathname.slice(1)));
        if (!(await file.exists())) return new Response("none", { status: 404 });
        served.push(pathname);
        if (pathname.endsWith(".zst")) {
          begin();
          await Bun.sleep(1000);
        }
        return new Response(file);
      },
    });
    await world.ok(["catalog", "add", "acme", `http://127.0.0.1:${server.port}/catalog.json`, "--key", key]);
    const first = world.banger(["kernel", "pull", "little"]);
    await begun;
    const others = [["little"], ["acme/little"], ["little", "--as", "other"]].map((words) => world.banger(["kernel", "pull", ...words]));
    const ran = await Promise.all([first, ...others]);
    expect(ran.map(({ code, stdout }) => [code, stdout])).toEqual([
      [0, "kernel little is here\n"],
      [0, "kernel little is here\n"],
      [0, "kernel little is here\n"],
      [0, "kernel other is here\n"],
    ]);
    expect(ran[1]?.stderr).toMatch(/^wait .*for operation \w+, which does the same/m);
    expect(served.filter((path) => path.endsWith(".zst"))).toHaveLength(1);
    // What is here already is not fetched again.
    expect(await world.banger(["kernel", "pull", "little"])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("there already is a kernel little"),
    });
  });
});

test("two pulls of one image at once both have it, and it is made once", async () => {
  const env = { PATH: `FOLDER/programs:${process.env["PATH"] ?? "/usr/bin:/bin"}` };
  await withWorld({ isolatedGoods: true, env, config: '[drivers]\norder = ["fake"]\n' }, async (world) => {
    writeLittleBootstrap(join(world.folder, "programs"));
    await world.ok(["daemon", "start"]);
    const ran = await Promise.all([1, 2].map(() => world.banger(["image", "pull", "debian-bookworm", "--name", "little"])));
    expect(ran.map(({ code, stdout }) => [code, stdout])).toEqual([
      [0, "image little is here\n"],
      [0, "image little is here\n"],
    ]);
    const [joined, made] = ran
      .map(({ stderr }) => stderr)
      .toSorted((a, b) => Number(/^bootstrap /m.test(a)) - Number(/^bootstrap /m.test(b)));
    expect(joined).toMatch(/^wait .*which does the same/m);
    expect(joined).not.toMatch(/^bootstrap /m);
    expect(made).toMatch(/^bootstrap /m);
  });
});
