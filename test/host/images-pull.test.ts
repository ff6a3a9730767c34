/** One real pull: about 40 seconds, from the mirror that this computer's apt uses. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { makeSystem } from "../../src/system/make-system.ts";
import { imagesOfApt } from "./images-of-apt.ts";
import { recordingContext } from "./images-recording-context.ts";
import { makeMemoryLeases } from "./images-memory-leases.ts";
import { silentLog } from "./images-silent-log.ts";

const home = mkdtempSync("/tmp/banger-pull-");
const system = makeSystem({ PATH: process.env["PATH"], BANGER_HOME: home }, silentLog);
const leases = makeMemoryLeases();
const images = imagesOfApt(system, leases);
const context = recordingContext();

beforeAll(async () => {
  await images.pull("debian-bookworm", "debian-bookworm", context);
}, 300_000);

afterAll(() => {
  rmSync(home, { recursive: true, force: true });
});

async function read(argv: readonly string[]): Promise<string> {
  return (await system.processes.runOk(argv, { timeoutMs: 30_000, maxOutputBytes: 32 * 2 ** 20 })).stdout;
}

test("the image is listed whole, and nothing half made or leased is left", async () => {
  const [image, ...others] = await images.list();
  expect(others).toEqual([]);
  expect(image).toMatchObject({ name: "debian-bookworm", problems: [], hasWorkSeed: true, init: "agent", kernelRef: "debian-6.12" });
  expect(await system.files.list(system.layout.images)).toEqual(["debian-bookworm"]);
  expect(leases.list()).toEqual([]);
});

test("progress counts packages up to their number, then bytes", () => {
  expect(context.stages).toEqual(["bootstrap", "base", "work seed", "store"]);
  const packages = context.progress.filter((entry) => entry.stage === "bootstrap");
  expect(packages.at(-1)?.done).toBe(packages.at(-1)?.total ?? 0);
  expect(context.progress.some((entry) => entry.stage === "base" && entry.unit === "bytes" && entry.done > 100 * 2 ** 20)).toBe(true);
});

test("the base carries nobody's identity", async () => {
  const { basePath } = await images.parts("debian-bookworm");
  const listing = await read(["rdsquashfs", "--describe", basePath]);
  const paths = listing.split("\n").flatMap((line) => line.split(" ")[1]?.replace(/^\/?/, "/") ?? []);
  expect(paths).toContain("/etc/machine-id");
  expect(paths.filter((path) => path.startsWith("/etc/ssh/ssh_host_"))).toEqual([]);
  expect(paths).not.toContain("/etc/hostname");
  expect(paths).not.toContain("/etc/resolv.conf");
  expect(paths.filter((path) => /^\/var\/(lib\/apt\/lists|cache\/apt)\/.*(Packages|\.deb|\.bin)/.test(path))).toEqual([]);
  expect(paths.filter((path) => path.startsWith("/banger"))).toEqual([]);
  expect(await read(["rdsquashfs", "--cat", "/etc/machine-id", basePath])).toBe("");
  expect(await read(["rdsquashfs", "--cat", "/etc/shadow", basePath])).toMatch(/^root:![*]?:/m);
  expect(/^slink \S*var\/lib\/dbus\/machine-id .*$/m.exec(listing)?.[0]).toMatch(/ 0777 0 0 "?\/etc\/machine-id"?$/);
});

test("the work seed is root's home, sparse and clean", async () => {
  const { workSeedPath = "" } = await images.parts("debian-bookworm");
  const info = await system.files.find(workSeedPath);
  expect(info?.bytes).toBe(20 * 2 ** 30);
  expect(info?.allocatedBytes).toBeLessThan(1024 * 1024);
  await system.processes.runOk(["e2fsck", "-fn", workSeedPath], { timeoutMs: 30_000 });
  const listing = await read(["debugfs", "-R", "ls -p /", workSeedPath]);
  expect(listing).toMatch(/\/040700\/0\/0\/\.\//);
  expect(listing).toMatch(/\/100644\/0\/0\/\.bashrc\//);
  expect(listing).toMatch(/\/100644\/0\/0\/\.profile\//);
});

test("a second pull of the name is refused before anything is made", async () => {
  expect(await images.pull("debian-bookworm", "debian-bookworm", recordingContext()).catch((error: unknown) => error)).toMatchObject({
    code: "image_exists",
  });
});

test("a deleted image is gone", async () => {
  await images.delete("debian-bookworm", () => undefined);
  expect(await images.list()).toEqual([]);
  expect(await system.files.list(join(system.layout.images))).toEqual([]);
});
