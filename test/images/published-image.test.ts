/** An image that one has published, or pushed into a registry, is pulled by another, whole, and boots. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openFakeS3 } from "../host/fake-s3.ts";
import { copyGoods } from "../support/copy-goods.ts";
import { startDockerRegistry } from "../support/docker-registry.ts";
import { openGoods } from "../support/goods.ts";
import { passOn } from "../support/pass-on.ts";
import { withWorld } from "../support/world.ts";

setDefaultTimeout(600_000);

interface Shown {
  readonly checksum: string;
  readonly digest: string | null;
  readonly bytes: number;
}

const LOGIN = { BANGER_REGISTRY_USER: "acme", BANGER_REGISTRY_PASSWORD: "registry-password-1" };

test("an image that was published by one is pulled by another, pushed on, pulled back, and boots", async () => {
  const { image, kernel } = await openGoods();
  const folder = mkdtempSync(join(tmpdir(), "banger-image-"));
  writeFileSync(join(folder, "htpasswd"), Bun.spawnSync(["htpasswd", "-Bbn", "acme", LOGIN.BANGER_REGISTRY_PASSWORD]).stdout);
  const registry = await startDockerRegistry(folder, "plain", "login");
  await using s3 = openFakeS3();
  try {
    await withWorld({ isolatedGoods: true }, async (maker) => {
      copyGoods(maker, [["images", image, "shared"]]);
      const { checksum, bytes } = await maker.json<Shown>(["image", "show", "shared"]);
      await withWorld({ isolatedGoods: true, env: LOGIN }, async (user) => {
        copyGoods(user, [["kernels", kernel]]);
        expect(await passOn(maker, user, ["image", "shared"], s3)).toMatch(/^shared-amd64-[0-9a-f]{16}\.tar\.zst is at http/);
        const pulled = await user.json<Shown>(["image", "show", "shared"]);
        expect(pulled).toMatchObject({ source: "bundle", checksum, hasWorkSeed: true, problems: [] });
        // The seed is as sparse as it was.
        expect(pulled.bytes).toBeLessThan(bytes + 2 ** 20);
        const seed = statSync(join(user.folder, "data/banger/images/shared/work-seed.ext4"));
        expect([seed.size, seed.blocks * 512 < 16 * 2 ** 20]).toEqual([20 * 2 ** 30, true]);

        const reference = `${registry.host}/acme/debian:v1`;
        expect(await user.ok(["image", "push", "shared", reference])).toContain(`banger image pull ${reference}`);
        expect(await user.ok(["image", "push", "shared", reference])).toContain("was there already");
        await user.ok(["image", "tag", "shared", "kept"]);
        await user.ok(["image", "delete", "shared"]);
        await user.ok(["image", "pull", reference, "--name", "again"]);
        expect(await user.json(["image", "show", "again"])).toMatchObject({ checksum, reference, layers: [{}], problems: [] });
        const words = [
          "vm",
          "run",
          "--ephemeral",
          "--image",
          "again",
          "--kernel",
          kernel,
          "--",
          "sh",
          "-c",
          "cat /etc/debian_version; ls -a /root",
        ];
        const ran = await user.banger(words, { timeoutMs: 300_000 });
        expect(ran).toMatchObject({ code: 0, stdout: expect.stringMatching(/^12\.\d+\n[^]*\.bashrc\n/) });
      });
    });
  } finally {
    registry.end();
    rmSync(folder, { recursive: true });
  }
});
