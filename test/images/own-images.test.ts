/** What somebody has as files or as a disk becomes a vm. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { copyGoods } from "../support/copy-goods.ts";
import { openGoods } from "../support/goods.ts";
import { makeDisk, makeFileSystem, makeQcow2, makeRoot, ROOT_TYPE } from "../support/made-disks.ts";
import { withWorld, type World } from "../support/world.ts";

setDefaultTimeout(600_000);

async function boot(world: World, image: string): Promise<void> {
  await world.ok(["vm", "create", image, "--image", image], { timeoutMs: 300_000 });
  const ran = await world.banger([
    "vm",
    "exec",
    image,
    "--",
    "/bin/sh",
    "-c",
    "cat /srv/page; stat -c '%u:%g' /srv/page; echo mine > /srv/page",
  ]);
  expect(ran).toMatchObject({ code: 0, stdout: "hello\n0:0\n" });
  await world.ok(["vm", "stop", image], { timeoutMs: 120_000 });
  await world.ok(["vm", "start", image], { timeoutMs: 300_000 });
  expect(await world.ok(["vm", "exec", image, "--", "/bin/cat", "/srv/page"])).toBe("mine\n");
  await world.ok(["vm", "delete", "--force", image]);
}

test("a folder, a stream, a file system and disks become images, and vms", async () => {
  const { kernel } = await openGoods();
  await withWorld({ isolatedGoods: true }, async (world) => {
    copyGoods(world, [["kernels", kernel]]);
    const at = (name: string): string => join(world.folder, name);
    const root = makeRoot(at("root"));
    const kernelRef = ["--kernel-ref", kernel];
    await world.ok(["image", "import", "folder", "--from", root, ...kernelRef]);
    const tar = Bun.spawnSync(["tar", "--create", "--gzip", "--directory", root, "--numeric-owner", "--owner=0", "--group=0", "."]).stdout;
    await world.ok(["image", "import", "stream", "--from", "-", ...kernelRef], { input: tar });
    const ext4 = makeFileSystem("ext4", root, at("root.ext4"));
    await world.ok(["image", "register", "filesystem", "--from", ext4, ...kernelRef]);
    const squashfs = makeFileSystem("squashfs", root, at("root.squashfs"));
    const raw = makeDisk("gpt", at("disk.raw"), [{ mib: 1 }, { path: squashfs, mib: 4, type: ROOT_TYPE }]);
    await world.ok(["image", "register", "raw", "--from", raw, ...kernelRef]);
    const disk = makeDisk("dos", at("disk.mbr"), [{ path: ext4, mib: 16 }]);
    await world.ok(["image", "register", "qcow2", "--from", makeQcow2(disk), ...kernelRef]);
    const { images } = await world.json<{ images: readonly { name: string; problems: readonly string[] }[] }>(["image", "list"]);
    expect(images.map(({ name, problems }) => [name, problems])).toEqual(
      ["filesystem", "folder", "qcow2", "raw", "stream"].map((name) => [name, []]),
    );
    for (const { name } of images) await boot(world, name);
  });
});
