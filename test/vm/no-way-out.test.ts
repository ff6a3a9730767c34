/** A real guest has one way to the host, the wire, and none to the daemon's socket. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
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
    expect(readFileSync(`/proc/${pid}/cmdline`, "utf8")).not.toContain("banger.sock");
    const linksOf = (of: number): string[] => readdirSync(`/proc/${of}/fd`).map((name) => readlinkSync(`/proc/${of}/fd/${name}`));
    const sockets = readFileSync("/proc/net/unix", "utf8")
      .split("\n")
      .flatMap((line) => (line.endsWith("/banger.sock") ? [`socket:[${line.trim().split(/\s+/)[6]}]`] : []));
    // The daemon has the one that it listens on.
    expect(linksOf(world.daemonPid() ?? 0).filter((link) => sockets.includes(link))).not.toEqual([]);
    expect(linksOf(pid).filter((link) => sockets.includes(link))).toEqual([]);
  });
});
