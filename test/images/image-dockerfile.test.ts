/** A Dockerfile whose FROM names an image of ours: what its guests have, that is what the Dockerfile begins with. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { copyGoods } from "../support/copy-goods.ts";
import { IMAGE, openGoods } from "../support/goods.ts";
import { withWorld } from "../support/world.ts";

setDefaultTimeout(900_000);

test("FROM and COPY --from may name images of the store", async () => {
  const { kernel } = await openGoods();
  await withWorld({ isolatedGoods: true }, async (world) => {
    copyGoods(world, [
      ["kernels", kernel],
      ["images", IMAGE],
    ]);
    // With something in root's home, which is on a disk of its own.
    await world.ok(["vm", "create", "dev", "--kernel", kernel], { timeoutMs: 300_000 });
    await world.ok(["exec", "dev", "--", "sh", "-c", "echo mine > ~/mine"]);
    await world.ok(["image", "promote", "dev", "mine-bookworm"], { timeoutMs: 300_000 });
    await world.ok(["vm", "delete", "dev", "--force"]);

    const context = join(world.folder, "context");
    mkdirSync(context);
    writeFileSync(join(context, "motd"), "of the context\n");
    const path = join(world.folder, "web.dockerfile");
    writeFileSync(
      path,
      `ARG SUITE=trixie
FROM mine-$SUITE
COPY motd /etc/motd
RUN . /etc/os-release && echo "it is $VERSION_CODENAME and $(cat /root/mine)" | tee /srv/said && chown nobody /srv/said
ENV GREETING=hello
CMD ["cat", "/srv/said"]
`,
    );
    const words = ["image", "build", "web", context, "-f", path, "--build-arg", "SUITE=bookworm"];
    const built = await world.banger(words, { timeoutMs: 600_000 });
    expect([built.code, built.stderr]).toEqual([0, expect.stringContaining("it is bookworm and mine")]);
    expect(await world.json(["image", "show", "web"])).toMatchObject({
      source: "build",
      distro: "debian-bookworm",
      kernelRef: kernel,
      problems: [],
    });
    expect(await world.json(["vm", "list"])).toEqual({ vms: [] });
    const folder = join(world.folder, "data/banger/buildah");
    expect(existsSync(folder) ? readdirSync(folder) : []).toEqual([]);

    await world.ok(["vm", "create", "user", "--image", "web"], { timeoutMs: 300_000 });
    const look =
      "cat /etc/motd /srv/said; stat -c %U:%a /srv/said /usr/bin/passwd; echo $GREETING; ls -A /root; dpkg -s dpkg | grep Status";
    expect(await world.ok(["exec", "user", "--", "sh", "-c", look])).toBe(
      "of the context\nit is bookworm and mine\nnobody:644\nroot:4755\nhello\n.bashrc\n.profile\nmine\nStatus: install ok installed\n",
    );
  });
});
