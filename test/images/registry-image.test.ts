/** An image of a registry becomes a vm: one that knows nothing of banger, and whose C library is not Debian's. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startDockerRegistry } from "../support/docker-registry.ts";
import { copyGoods } from "../support/copy-goods.ts";
import { openGoods } from "../support/goods.ts";
import { LOADER, pushMuslImage } from "../support/musl-image.ts";
import { withWorld } from "../support/world.ts";

setDefaultTimeout(600_000);

const PASSWORD = "registry-password-1";
test("an image of a registry is pulled, booted and used, on both kernels", async () => {
  const { kernel, debianKernel } = await openGoods();
  await withWorld({ isolatedGoods: true, isolatedCache: true, env: { DOCKER_CONFIG: "FOLDER/docker" } }, async (world) => {
    const { folder } = world;
    copyGoods(world, [["kernels", kernel], ...(kernel === debianKernel ? [] : [["kernels", debianKernel] as const])]);
    writeFileSync(join(folder, "htpasswd"), Bun.spawnSync(["htpasswd", "-Bbn", "puller", PASSWORD]).stdout);
    const registry = await startDockerRegistry(folder, "registry", "login");
    try {
      const commands = ["user=web", "workingdir=/opt/app", "entrypoint=/bin/sh", "cmd=-c", "cmd=id -u; pwd", "env=GREETING=hello"];
      const login = ["--dest-creds", `puller:${PASSWORD}`];
      pushMuslImage(
        folder,
        commands.map((each) => `config.${each}`),
        `${registry.host}/acme/web:v1`,
        login,
      );

      const reference = `${registry.host}/acme/web:v1`;
      const denied = await world.banger(["image", "pull", reference, "--kernel-ref", kernel]);
      expect(denied).toMatchObject({ code: 1, stderr: expect.stringContaining("registry") });
      expect(await world.json(["image", "list"])).toEqual({ images: [] });

      mkdirSync(join(folder, "docker"));
      const auth = Buffer.from(`puller:${PASSWORD}`).toString("base64");
      writeFileSync(join(folder, "docker/config.json"), JSON.stringify({ auths: { [registry.host]: { auth } } }));
      await world.ok(["image", "pull", reference]);
      expect(await world.json(["image", "show", "web-v1"])).toMatchObject({
        source: "oci",
        kernelRef: null,
        hasWorkSeed: true,
        problems: [],
      });

      for (const each of new Set([kernel, debianKernel])) {
        const name = `on-${each.replaceAll(".", "-")}`;
        // The distribution's is taken where nobody says.
        const named = each === debianKernel ? [] : ["--kernel", each];
        await world.ok(["vm", "create", name, "--image", "web-v1", ...named], { timeoutMs: 300_000 });
        const script = `echo $GREETING $PATH; ${LOADER} 2>&1 | head -n 1; cat /srv/page; echo; ls -a /srv; stat -c '%u %g' /srv/page`;
        const ran = await world.banger(["vm", "exec", name, "--cwd", "/", "--", "/bin/sh", "-c", script]);
        expect(ran).toMatchObject({
          code: 0,
          stdout: "hello /bin\nmusl libc (x86_64)\nnew\n.\n..\npage\n33 33\n",
        });
        // As the image says, in a folder that it does not have.
        const where = "id -u; id -g; pwd; stat -c '%u %a' .";
        expect(await world.ok(["vm", "exec", name, "--", "sh", "-c", where])).toBe("33\n33\n/opt/app\n0 755\n");
        expect(await world.ok(["vm", "exec", name, "--user", "root", "--cwd", "/", "--", "sh", "-c", where])).toBe("0\n0\n/\n0 755\n");
        // The work disk is mounted where the image has something.
        expect(await world.ok(["vm", "exec", name, "--user", "root", "--", "cat", "/root/.profile", "/proc/mounts"])).toMatch(
          /^# of the image\n[^]* \/root ext4 /,
        );
        await world.ok([
          "vm",
          "exec",
          name,
          "--user",
          "root",
          "--",
          "/bin/sh",
          "-c",
          "echo mine > /srv/page; echo home > /root/x; rm /root/.profile",
        ]);
        await world.ok(["vm", "stop", name], { timeoutMs: 120_000 });
        await world.ok(["vm", "start", name], { timeoutMs: 300_000 });
        expect(await world.ok(["vm", "exec", name, "--user", "root", "--", "cat", "/srv/page", "/root/x"])).toBe("mine\nhome\n");
        expect(await world.ok(["vm", "exec", name, "--user", "root", "--", "ls", "-A", "/root"])).toBe("x\n");
        const unknown = "sed -i /^web:/d /etc/passwd";
        await world.ok(["vm", "exec", name, "--user", "root", "--", "sh", "-c", unknown]);
        const nobody = await world.banger(["vm", "exec", name, "--", "true"]);
        expect(nobody.code).toBe(125);
        expect(nobody.stderr).toEndWith('no user "web" in the guest: that is what image web-v1 says\ntry: --user root\n');
        await world.ok(["vm", "delete", "--force", name]);
        const shape = ["--image", "web-v1", "--ephemeral", ...named];
        expect(await world.ok(["run", ...shape], { timeoutMs: 300_000 })).toBe("33\n/opt/app\n");
      }
    } finally {
      registry.end();
    }
  });
});
