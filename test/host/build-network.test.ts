/** The way out of a recipe's steps, where nothing can be had that isolates: refused with what to type, and had by that. Guests are of driver fake. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeRoot } from "../support/made-disks.ts";
import { makeSilentKernel } from "../support/silent-kernel.ts";
import { withWorld } from "../support/world.ts";

setDefaultTimeout(120_000);

test("a recipe whose steps need a network is built without isolation only when that is typed", async () => {
  const config = '[drivers]\norder = ["fake"]\n[network]\nmode = "user"\n';
  await withWorld({ config, isolatedGoods: true }, async (world) => {
    const at = (name: string): string => join(world.folder, name);
    mkdirSync(at("kernel"));
    writeFileSync(at("kernel/vmlinux"), makeSilentKernel("hello"));
    writeFileSync(at("recipe.toml"), 'kernel = "k"\n[[steps]]\nrun = "true"\n');
    writeFileSync(at("Dockerfile"), "FROM base\n");
    await world.ok(["kernel", "import", "k", "--from", at("kernel")]);
    await world.ok(["image", "import", "base", "--from", makeRoot(at("root")), "--kernel-ref", "k"]);
    const build = ["image", "build", "made", "--from-image", "base", "-f", at("recipe.toml")];

    const refused = await world.banger(build);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("no network can be had that keeps a guest from this computer");
    expect(refused.stderr).toMatch(/^try: .*--unsafe-net/m);
    expect(await world.json(["image", "list"])).toMatchObject({ images: [{ name: "base" }] });
    expect(await world.json(["vm", "list"])).toEqual({ vms: [] });

    const built = await world.banger([...build, "--unsafe-net"]);
    expect(built).toMatchObject({ code: 0, stderr: expect.stringContaining("QEMU's own network is used, and the guest reaches all") });
    expect(await world.json(["image", "show", "made"])).toMatchObject({ source: "build", problems: [] });
    // Nothing of it stays with the image.
    expect(await world.json(["vm", "list"])).toEqual({ vms: [] });

    const odd = await world.banger(["image", "build", "other", "-f", at("Dockerfile"), "--unsafe-net"]);
    expect(odd).toMatchObject({ code: 1, stderr: expect.stringContaining("by Dockerfile with --unsafe-net: that is for recipes") });
  });
});
