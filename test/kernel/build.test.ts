/** The generic kernel, built for real from the distribution's source, published, pulled by somebody else, and booted. Not part of `npm test`. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { DOCKER_NEEDS } from "../../src/kernels/from-source/docker-needs.ts";
import { openFakeS3 } from "../host/fake-s3.ts";
import { copyGoods } from "../support/copy-goods.ts";
import { openGoods } from "../support/goods.ts";
import { passOn } from "../support/pass-on.ts";
import { withWorld } from "../support/world.ts";

const BUILD_MS = 75 * 60_000;
setDefaultTimeout(BUILD_MS + 10 * 60_000);

test("the generic kernel is built, passed on, and does in a guest what Docker asks for", async () => {
  const { image } = await openGoods();
  await using s3 = openFakeS3();
  await withWorld({ isolatedGoods: true }, async (maker) => {
    await maker.ok(["kernel", "build", "generic-6.12", "--source", "apt"], { timeoutMs: BUILD_MS });
    expect(await maker.json(["kernel", "show", "generic-6.12"])).toMatchObject({ source: "build", modules: [], problems: [] });
    await withWorld({ isolatedGoods: true }, async (user) => {
      copyGoods(user, [["images", image]]);
      await passOn(maker, user, ["kernel", "generic-6.12"], s3);
      const words = ["vm", "run", "--name", "plain", "--kernel", "generic-6.12", "--", "sh", "-c", "uname -r; zcat /proc/config.gz"];
      const ran = await user.banger(words, { timeoutMs: 300_000 });
      expect(ran.code).toBe(0);
      const lines = ran.stdout.split("\n");
      expect(lines[0]).toMatch(/^6\.12\.\d+-banger$/);
      expect(DOCKER_NEEDS.filter((name) => !lines.includes(`CONFIG_${name}=y`))).toEqual([]);
      await user.ok(["vm", "create", "full", "--kernel", "generic-6.12", "--init", "systemd", "--memory", "1G", "--wait-for", "unit:ssh"], {
        timeoutMs: 300_000,
      });
    });
  });
});
