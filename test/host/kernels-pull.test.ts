/** One real pull of the distribution's kernel, 35 MB, from the mirror that this computer's apt uses; checked against depmod. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeDebianArchive } from "../../src/catalog/debian/debian-archive.ts";
import { makeBundles } from "../../src/catalog/bundle/make-bundles.ts";
import { openFetcher } from "../../src/catalog/fetch/open-fetcher.ts";
import { madeOffers } from "../../src/catalog/offers/made-offers.ts";
import { NO_BUILDING } from "../../src/kernels/from-source/test-building.ts";
import { makeKernels } from "../../src/kernels/make-kernels.ts";
import type { Kernels } from "../../src/kernels/kernels.ts";
import type { Lease, Leases, OperationContext } from "../../src/operations/operations.ts";
import { makeSystem } from "../../src/system/make-system.ts";
import type { Log } from "../../src/system/system.ts";

const ignore = (): void => undefined;
const silent: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
const home = mkdtempSync("/tmp/bkp-");
const system = makeSystem({ PATH: process.env["PATH"], BANGER_HOME: home }, silent);
const leases: Lease[] = [];
const progress: number[] = [];
let kernels: Kernels;

const context: OperationContext = {
  operationId: "test",
  signal: new AbortController().signal,
  about: () => undefined,
  notice: ignore,
  output: ignore,
  stage: (_name, body) => body({ progress: (done) => void progress.push(done), note: ignore }),
};

beforeAll(async () => {
  writeFileSync(join(home, "agent"), "stands for the agent");
  const kept: Leases = { write: (lease) => void leases.push(lease), drop: () => void leases.pop(), dropAllOf: ignore, list: () => leases };
  kernels = makeKernels({
    system,
    archive: makeDebianArchive({ system }),
    offers: madeOffers(),
    bundles: makeBundles(system, openFetcher(system, { proxies: {}, advice: "" }), kept),
    leases: kept,
    agentPath: join(home, "agent"),
    building: NO_BUILDING,
  });
  await kernels.pull("debian-6.12", "debian-6.12", context);
}, 300_000);

afterAll(() => {
  rmSync(home, { recursive: true, force: true });
});

test("the kernel is listed whole, and nothing half made or leased is left", async () => {
  const [kernel, ...others] = await kernels.list();
  expect(others).toEqual([]);
  expect(kernel).toMatchObject({ name: "debian-6.12", source: "debian-archive", distro: "debian", problems: [] });
  expect(kernel?.version).toMatch(/^6\.12\.\d+\+deb12-cloud-amd64$/);
  expect(readdirSync(system.layout.kernels)).toEqual(["debian-6.12"]);
  expect(leases).toEqual([]);
  expect(Math.max(...progress)).toBeGreaterThan(20 * 2 ** 20);
});

test("the kernel finds its devices through ACPI alone, and its initramfs is small", async () => {
  const set = await kernels.bootSet("debian-6.12");
  expect(set.needsAcpi).toBe(true);
  expect(readFileSync(set.initrdPath).length).toBeLessThan(4 * 2 ** 20);
});

test("the modules are what depmod says the drivers need, in an order that loads", async () => {
  const { modules, version } = await kernels.get("debian-6.12");
  const root = join(home, "root");
  const deb = readdirSync(system.layout.downloads)
    .map((name) => join(system.layout.downloads, name))
    .find((path) => readFileSync(path).subarray(0, 8).toString() === "!<arch>\n");
  await system.processes.runOk(["dpkg-deb", "-x", deb ?? "", root], { timeoutMs: 60_000 });
  await system.processes.runOk(["depmod", "-b", root, version ?? ""], { timeoutMs: 60_000 });
  const nameOf = (path: string): string =>
    path
      .replace(/^.*\//, "")
      .replace(/\.ko\.xz$/, "")
      .replaceAll("-", "_");
  const needs = new Map(
    readFileSync(join(root, "lib/modules", version ?? "", "modules.dep"), "utf8")
      .trim()
      .split("\n")
      .map((line) => line.split(":") as [string, string])
      .map(([path, rest]) => [nameOf(path), rest.trim().split(" ").filter(Boolean).map(nameOf)] as const),
  );
  for (const driver of ["virtio_mmio", "virtio_blk", "virtio_net", "virtio_rng", "virtio_balloon", "overlay", "squashfs", "erofs"])
    expect(modules).toContain(driver);
  for (const [at, name] of modules.entries())
    for (const needed of needs.get(name) ?? ["unknown to depmod"]) expect(modules.slice(0, at)).toContain(needed);
  const wanted = new Set(modules.flatMap((name) => [name, ...(needs.get(name) ?? [])]));
  expect(wanted.size).toBe(modules.length);
}, 60_000);

test("a second pull of the name is refused", async () => {
  expect(await kernels.pull("debian-6.12", "debian-6.12", context).catch((error: unknown) => error)).toMatchObject({
    code: "kernel_exists",
  });
});
