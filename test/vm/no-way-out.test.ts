/** A real guest has one way to the host, the wire, and none to the daemon's socket. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { listVms } from "../support/world-state.ts";
import { openGoods } from "../support/goods.ts";
import { withWorld } from "../support/world.ts";

setDefaultTimeout(180_000);

test("nothing in a guest leads to the daemon's socket", async () => {
  const { kernel } = await openGoods();
  await withWorld({}, async (world) => {
    await world.ok(["vm", "create", "dev", "--kernel", kernel]);
    const inGuest = (script: string): Promise<string> => world.ok(["exec", "dev", "--", "sh", "-c", script]);
    expect((await inGuest("cat /sys/class/virtio-ports/*/name")).trim()).toBe("org.banger.agent");
    // Disks, the console with the wire in it, and randomness: no card, no vsock, no shared folder, no bus to add one.
    const devices = await inGuest(
      "cat /sys/bus/virtio/devices/*/device; ls -d /sys/class/net/*/device /sys/bus/pci/devices/* 2>/dev/null; :",
    );
    expect([...new Set(devices.trim().split("\n"))].toSorted()).toEqual(["0x0002", "0x0003", "0x0004"]);
    // Neither the host's files nor a socket of ours: the guest has file systems of its own alone.
    expect((await inGuest(`ls -d ${world.folder} 2>/dev/null; find / -xdev -type s -name '*banger*' 2>/dev/null; :`)).trim()).toBe("");
    const types = (await inGuest("cut -d' ' -f3 /proc/mounts | sort -u")).trim().split("\n");
    expect(types.filter((type) => /^(9p|virtiofs|nfs.*|cifs|fuse.*)$/.test(type))).toEqual([]);

    // Nor has its VMM been given the socket, by name or by descriptor.
    const pid = listVms(world)[0]?.pid ?? 0;
    const socket = join(world.folder, "run/banger/banger.sock");
    expect(readFileSync(`/proc/${pid}/cmdline`, "utf8")).not.toContain("banger.sock");
    const inode = readFileSync("/proc/net/unix", "utf8")
      .split("\n")
      .find((line) => line.endsWith(` ${socket}`))
      ?.trim()
      .split(/\s+/)[6];
    expect(inode).toMatch(/^\d+$/);
    const held = readdirSync(`/proc/${pid}/fd`).map((name) => readlinkSync(`/proc/${pid}/fd/${name}`));
    expect(held).not.toContain(`socket:[${inode}]`);
  });
});
