/** A vm becomes an image: what was done in it is there, who it was and who used it is not, and it goes on as before. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { copyGoods } from "../support/copy-goods.ts";
import { IMAGE, openGoods } from "../support/goods.ts";
import { withWorld } from "../support/world.ts";

setDefaultTimeout(600_000);

const WORK = `set -eu
echo done > /srv/work; ln /srv/work /srv/again; chown 33:44 /srv/work; chmod 4750 /srv/work
mkdir -p ~/.ssh ~/project; echo key > ~/.ssh/id_ed25519; echo host > ~/.ssh/config; echo login > ~/.netrc; echo typed > ~/.bash_history
mkdir -p /var/log/web ~/.local/share/fish; echo who > /var/log/web/access.log; echo typed > ~/.local/share/fish/fish_history
echo mine > ~/project/notes; echo gone > /tmp/gone; rm /etc/issue
truncate -s 64M /srv/holes; mknod /srv/device c 1 3; echo name > /etc/hostname`;

const LOOK = `cat /srv/work /srv/again; stat -c '%u:%g %a %h' /srv/work; stat -c %s /srv/holes; stat -c '%F %t %T' /srv/device
ls -A ~ ~/.ssh ~/project /tmp; ls /etc/issue /etc/ssh/ssh_host_* 2>&1 | wc -l; cat /etc/hostname; stat -c '%n %s' /var/log/web/*`;

test("a running vm is promoted, and the image boots with what was done in it and nobody's secrets", async () => {
  const { kernel } = await openGoods();
  await withWorld({ isolatedGoods: true }, async (world) => {
    copyGoods(world, [
      ["kernels", kernel],
      ["images", IMAGE],
    ]);
    await world.ok(["vm", "create", "dev", "--kernel", kernel], { timeoutMs: 300_000 });
    await world.ok(["exec", "dev", "--", "sh", "-c", WORK]);
    const machineId = await world.ok(["exec", "dev", "--", "cat", "/etc/machine-id"]);

    const promoted = await world.banger(["image", "promote", "dev", "tools"], { timeoutMs: 400_000 });
    expect(promoted).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("left out: .bash_history, .local/share/fish/fish_history, .netrc, .ssh/id_ed25519"),
    });
    expect(await world.json(["image", "show", "tools"])).toMatchObject({
      source: "promote",
      kernelRef: kernel,
      hasWorkSeed: true,
      problems: [],
    });
    // As it was, and alone again.
    expect(await world.json(["vm", "list"])).toMatchObject({ vms: [{ name: "dev", state: "running" }] });
    expect(await world.ok(["exec", "dev", "--", "cat", "/root/.netrc", "/tmp/gone"])).toBe("login\ngone\n");
    expect(await world.banger(["image", "promote", "dev", "tools"])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("there is an image tools already"),
    });
    expect(await world.banger(["image", "promote", "tools", "again"])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("try: banger image tag tools again"),
    });
    await world.ok(["vm", "delete", "--force", "dev"]);

    await world.ok(["vm", "create", "next", "--image", "tools"], { timeoutMs: 300_000 });
    expect(await world.ok(["exec", "next", "--", "sh", "-c", LOOK])).toBe(
      [
        "done\ndone\n33:44 4750 2\n67108864\ncharacter special file 1 3\n/root:\n.bashrc\n.local\n.profile\n.ssh\nproject\n",
        "/root/.ssh:\nconfig\n\n/root/project:\nnotes\n\n/tmp:\n2\nnext\n/var/log/web/access.log 0\n",
      ].join("\n"),
    );
    expect(await world.ok(["exec", "next", "--", "cat", "/etc/machine-id"])).not.toBe(machineId);
    // Its work disk comes ready, in the length of the one it was.
    expect(await world.banger(["vm", "create", "small", "--image", "tools", "--work-disk", "1G"])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("--work-disk 20480M"),
    });
  });
});
