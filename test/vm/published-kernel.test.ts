/** A kernel from one home to another: bundled, published, found in a catalog that was added, pulled, and booted. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ACCESS, openFakeS3 } from "../host/fake-s3.ts";
import { copyGoods } from "../support/copy-goods.ts";
import { openGoods } from "../support/goods.ts";
import { withWorld } from "../support/world.ts";

setDefaultTimeout(600_000);

interface Shown {
  readonly sha256: string;
  readonly version: string;
  readonly modules: readonly string[];
}

test("a kernel that was published by one is pulled by another, and boots", async () => {
  const { debianKernel, image } = await openGoods();
  await using s3 = openFakeS3();
  await withWorld({ isolatedGoods: true }, async (maker) => {
    copyGoods(maker, [["kernels", debianKernel]]);
    const at = (name: string): string => join(maker.folder, name);
    const made = await maker.json<Shown>(["kernel", "show", debianKernel]);
    await maker.ok(["catalog", "keygen", at("acme.key")]);
    writeFileSync(at("catalog.json"), JSON.stringify({ schema: 1, name: "acme", entries: [] }));
    await maker.ok(["catalog", "sign", at("catalog.json"), "-s", at("acme.key"), "--valid-for", "90d"]);
    await maker.ok(["kernel", "rename", debianKernel, "shared"]);
    const said = await maker.ok(
      [
        "kernel",
        "publish",
        "shared",
        "--to",
        "s3://kernels/v1",
        "--endpoint",
        s3.endpoint,
        "--catalog",
        at("catalog.json"),
        "-s",
        at("acme.key"),
      ],
      { env: ACCESS, timeoutMs: 300_000 },
    );
    expect(said).toMatch(/^shared-amd64-[0-9a-f]{16}\.tar\.zst is at http/);

    await withWorld({ isolatedGoods: true }, async (user) => {
      copyGoods(user, [["images", image]]);
      const key = readFileSync(at("acme.key.pub"), "utf8").trim().split("\n").at(-1) ?? "";
      await user.ok(["catalog", "add", "acme", at("catalog.json"), "--key", key]);
      await user.ok(["kernel", "pull", "shared"], { timeoutMs: 120_000 });
      await user.ok(["kernel", "pull", "acme/shared", "--as", "again"], { timeoutMs: 120_000 });
      const { sha256, version, modules } = made;
      expect(await user.json(["kernel", "show", "shared"])).toMatchObject({ source: "bundle", sha256, version, modules, problems: [] });
      expect(await user.json(["kernel", "show", "again"])).toMatchObject({ sha256, problems: [] });
      const ran = await user.banger(["vm", "run", "--name", "plain", "--kernel", "shared", "--", "uname", "-r"], { timeoutMs: 300_000 });
      expect(ran).toMatchObject({ code: 0, stdout: `${version}\n` });
      const renamed = await user.banger(["kernel", "rename", "shared", "other"]);
      expect(renamed).toMatchObject({ code: 1, stderr: expect.stringContaining("vm plain holds it") });
    });
  });
});
