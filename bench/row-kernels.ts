/**
 * Row 11: kernels from hand to hand, against what people would type to have the same: a bundle written and fetched over the loopback, and a
 * catalog asked for news. Both sides end with the bytes on the disk, and both check what they fetched.
 */
import { readdirSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { openGoods } from "../test/support/goods.ts";
import { offer, type OfferedBundle } from "../test/support/offered-bundle.ts";
import { copyGoods } from "../test/support/copy-goods.ts";
import { closeWorld, openWorld, type World } from "../test/support/world.ts";
import { compare, timed, type Row } from "./measure.ts";

const RUNS = 11;
/** The strongest compression takes seconds. */
const BUNDLE_RUNS = 5;

export async function* measureKernels(): AsyncIterable<Row> {
  const { kernel } = await openGoods();
  const world = await openWorld({ isolatedGoods: true, config: '[drivers]\norder = ["fake"]\n' });
  const published = join(world.folder, "published");
  await mkdir(published);
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const file = Bun.file(join(published, new URL(request.url).pathname.slice(1)));
      return (await file.exists()) ? new Response(file) : new Response("none", { status: 404 });
    },
  });
  try {
    copyGoods(world, [["kernels", kernel]]);
    yield measureBundle(world, kernel);
    const bundle = await offer(world, "kernel", kernel, published, "pulled");
    await world.ok(["catalog", "add", "acme", `http://127.0.0.1:${server.port}/catalog.json`, "--key", bundle.publicKey]);
    yield measurePull(world, bundle, server.port ?? 0);
    yield measureUpdate(world, server.port ?? 0);
  } finally {
    await server.stop(true);
    await closeWorld(world);
  }
}

/** Through a shell, as somebody would type it. Throws unless it ends with 0. */
async function shell(world: World, script: string): Promise<void> {
  const child = Bun.spawn(["sh", "-ec", script], { cwd: world.folder, stdout: "ignore", stderr: "pipe" });
  if ((await child.exited) !== 0) throw new Error(`${script}: ${await new Response(child.stderr).text()}`);
}

function measureBundle(world: World, kernel: string): Promise<Row> {
  const folder = join(world.folder, "bundled");
  const stored = join(world.folder, "data/banger/kernels", kernel);
  // What is in a bundle beside its manifest.
  const names = readdirSync(stored).filter((name) => name === "vmlinux" || name === "modules.cpio");
  const emptied = async (): Promise<void> => {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
  };
  return compare({
    row: 11,
    operation: "a kernel becomes a bundle",
    target: 1.25,
    runs: BUNDLE_RUNS,
    ours: {
      what: "kernel bundle",
      run: async () => {
        await emptied();
        return timed(() => world.ok(["kernel", "bundle", kernel, "--into", folder]));
      },
    },
    other: {
      what: "tar, zstd, sha256sum, sync",
      run: async () => {
        await emptied();
        return timed(() =>
          shell(
            world,
            `tar -C ${stored} -cf - ${names.join(" ")} | zstd -q -19 -T1 -o bundled/b.zst; sha256sum bundled/b.zst; sync bundled/b.zst`,
          ),
        );
      },
    },
  });
}

function measurePull(world: World, { file, sha256 }: OfferedBundle, port: number): Promise<Row> {
  const url = `http://127.0.0.1:${port}/${file}`;
  return compare({
    row: 11,
    operation: "a bundle is pulled",
    target: 1.25,
    runs: RUNS,
    ours: {
      what: "kernel pull",
      run: async () => {
        const ms = await timed(() => world.ok(["kernel", "pull", "acme/pulled"]));
        await world.ok(["kernel", "delete", "pulled"]);
        await rm(join(world.folder, "cache/banger/downloads"), { recursive: true });
        return ms;
      },
    },
    other: {
      what: "curl, sha256sum, tar, sync",
      run: async () => {
        const ms = await timed(() =>
          shell(
            world,
            `curl -sSfo got ${url}; echo "${sha256}  got" | sha256sum -c; mkdir there; tar -C there --zstd -xf got; sync there/* there`,
          ),
        );
        await shell(world, "rm -r got there");
        return ms;
      },
    },
  });
}

function measureUpdate(world: World, port: number): Promise<Row> {
  const url = `http://127.0.0.1:${port}/catalog.json`;
  return compare({
    row: 11,
    operation: "a catalog is asked for news",
    target: 1.25,
    runs: RUNS * 3,
    ours: { what: "catalog update", run: () => timed(() => world.ok(["catalog", "update", "acme"])) },
    other: {
      what: "curl twice, minisign -V",
      run: () =>
        timed(() =>
          shell(
            world,
            // Whether there are other keys by now is asked as well.
            `curl -sS -o keys ${new URL("keys.json", url).href} -o news ${url} -o news.minisig ${url}.minisig; minisign -Vqm news -p published/key.pub; sync news news.minisig`,
          ),
        ),
    },
  });
}
