/** A kernel that one has published is pulled by another, and boots. `test/kernel` does the same with one that was built. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { openFakeS3 } from "../host/fake-s3.ts";
import { copyGoods } from "../support/copy-goods.ts";
import { openGoods } from "../support/goods.ts";
import { passOn } from "../support/pass-on.ts";
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
    const { sha256, version, modules } = await maker.json<Shown>(["kernel", "show", debianKernel]);
    await maker.ok(["kernel", "rename", debianKernel, "shared"]);
    await withWorld({ isolatedGoods: true }, async (user) => {
      copyGoods(user, [["images", image]]);
      expect(await passOn(maker, user, ["kernel", "shared"], s3)).toMatch(/^shared-amd64-[0-9a-f]{16}\.tar\.zst is at http/);
      await user.ok(["kernel", "pull", "acme/shared", "--as", "again"], { timeoutMs: 120_000 });
      expect(await user.json(["kernel", "show", "shared"])).toMatchObject({ source: "bundle", sha256, version, modules, problems: [] });
      expect(await user.json(["kernel", "show", "again"])).toMatchObject({ sha256, problems: [] });
      const ran = await user.banger(["vm", "run", "--name", "plain", "--kernel", "shared", "--", "uname", "-r"], { timeoutMs: 300_000 });
      expect(ran).toMatchObject({ code: 0, stdout: `${version}\n` });
      const renamed = await user.banger(["kernel", "rename", "shared", "other"]);
      expect(renamed).toMatchObject({ code: 1, stderr: expect.stringContaining("vm plain holds it") });
    });
  });
});
