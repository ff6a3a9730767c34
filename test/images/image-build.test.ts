/** An image is built step by step: what has not changed is not done again, and what goes wrong leaves nothing. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { copyGoods } from "../support/copy-goods.ts";
import { IMAGE, openGoods } from "../support/goods.ts";
import { withWorld } from "../support/world.ts";

setDefaultTimeout(900_000);

const recipeOf = (last: string): string => `
network = false
[env]
GREETING = "hello"
[[steps]]
name = "a file"
copy = "files/motd"
to = "/srv/deep/motd"
mode = "0600"
[[steps]]
run = """
echo "greets: $GREETING"
date +%s%N > /srv/when
echo kept > ~/kept; echo typed > ~/.bash_history
"""
[[steps]]
group = "LAST"
run = ${JSON.stringify(last)}
`;

test("a recipe makes an image, and only what has changed is done again", async () => {
  const { kernel } = await openGoods();
  await withWorld({ isolatedGoods: true }, async (world) => {
    copyGoods(world, [
      ["kernels", kernel],
      ["images", IMAGE],
    ]);
    const path = join(world.folder, "recipe.toml");
    const write = (last: string): void => writeFileSync(path, `kernel = "${kernel}"\n${recipeOf(last)}`);
    mkdirSync(join(world.folder, "files"));
    writeFileSync(join(world.folder, "files/motd"), "of the recipe\n");
    const build = (...more: readonly string[]) =>
      world.banger(["image", "build", "made", "--from-image", IMAGE, "-f", path, ...more], { timeoutMs: 600_000 });

    write("echo broken; exit 3");
    const failed = await build();
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain("step 3 of 3: echo broken; exit 3 ended with code 3");
    expect(failed.stderr).toContain("greets: hello");
    expect(await world.json(["vm", "list"])).toEqual({ vms: [] });

    write("echo mended > /srv/last");
    const mended = await build();
    expect(mended.code).toBe(0);
    expect(mended.stderr).toContain("2 of 3 steps are unchanged");
    expect(mended.stderr).not.toContain("greets: hello");
    expect(await world.json(["image", "show", "made"])).toMatchObject({
      source: "build",
      kernelRef: kernel,
      env: expect.arrayContaining(["GREETING=hello"]),
    });

    expect(await build()).toMatchObject({ code: 0, stderr: expect.stringContaining("nothing has changed") });

    // What is wanted anew is done anew, and is what the next build goes on with.
    expect(await build("--no-cache")).toMatchObject({ code: 1, stderr: expect.stringContaining("there is an image made already") });
    const anew = await build("--no-cache", "--replace");
    expect(anew.code).toBe(0);
    expect(anew.stderr).toContain("greets: hello");
    expect(anew.stderr).not.toContain("unchanged");
    const whenOf = async (image: string): Promise<string> =>
      world.ok(["run", "--ephemeral", "--image", image, "--", "cat", "/srv/when"], { timeoutMs: 300_000 });
    const when = await whenOf("made");
    expect(await build()).toMatchObject({ code: 0, stderr: expect.stringContaining("nothing has changed") });
    write("echo another > /srv/last");
    expect(await build("--replace")).toMatchObject({ code: 0, stderr: expect.stringContaining("2 of 3 steps are unchanged") });
    expect(await whenOf("made")).toBe(when);

    write("echo again > /srv/last");
    expect(await build()).toMatchObject({ code: 1, stderr: expect.stringContaining("there is an image made already") });
    await world.ok(["vm", "create", "user", "--image", "made"], { timeoutMs: 300_000 });
    const look = "cat /srv/deep/motd /srv/last /root/kept; stat -c %a /srv/deep/motd; echo $GREETING; ls -A /root";
    expect(await world.ok(["exec", "user", "--", "sh", "-c", look])).toBe(
      "of the recipe\nanother\nkept\n600\nhello\n.bashrc\n.profile\nkept\n",
    );
    expect(await build("--replace")).toMatchObject({ code: 1, stderr: expect.stringContaining("used by user") });
    expect(await world.json(["image", "show", "made"])).toMatchObject({ usedBy: ["user"], problems: [] });
  });
});
