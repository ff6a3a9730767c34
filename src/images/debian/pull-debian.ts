/** A catalog entry of a Debian image -> an image in the store. */
import { join } from "node:path";
import type { DebianArchive, OfferOf, ProxyEnvironment } from "../../catalog/catalog.ts";
import type { Leases, OperationContext } from "../../operations/operations.ts";
import type { System } from "../../system/system.ts";
import { openBootstrapFolder } from "./bootstrap-folder.ts";
import { chooseMode } from "./choose-mode.ts";
import { findSources } from "./find-sources.ts";
import { requireTools } from "./find-missing-tools.ts";
import { streamBootstrap } from "./stream-bootstrap.ts";
import { baseFile, NO_CONFIG, WORK_SEED_FILE, type ImageManifest } from "../store/image-manifest.ts";
import type { ImageStore } from "../store/image-store.ts";
import { keepImage, measurePart } from "../store/keep-image.ts";

/** What an entry of a catalog says of an image that comes from an archive. */
export interface DebianImage extends Pick<OfferOf<"image">["entry"], "name" | "kernelRef"> {
  readonly arch: "amd64";
  readonly suite: string;
  readonly packages: readonly string[];
}

export interface PullParts {
  readonly system: System;
  readonly archive: DebianArchive;
  readonly store: ImageStore;
  readonly leases: Leases;
  /** Ours; decides how mmdebstrap gets its user ids. */
  readonly uid: number;
  readonly proxies: ProxyEnvironment;
}

/** Whatever else is in an environment is not passed on. */
const PROXY_VARIABLES = [
  "http_proxy",
  "https_proxy",
  "no_proxy",
  "HTTPS_PROXY",
  "NO_PROXY",
] as const satisfies readonly (keyof ProxyEnvironment)[];

export async function pullDebian(parts: PullParts, entry: DebianImage, as: string, context: OperationContext): Promise<void> {
  const { system, store } = parts;
  const what = `cannot pull image ${entry.name}`;
  await store.requireFree(as, what);
  await requireTools(system, parts.uid, what);
  const mode = await chooseMode(system, parts.uid, what, context.signal);
  const sources = await findSources(parts.archive, entry.suite, what, context);

  await using draft = await store.openDraft(context.operationId);
  const basePath = join(draft.folder, baseFile("squashfs"));
  const seedPath = join(draft.folder, WORK_SEED_FILE);
  const seedArchivePath = join(draft.folder, "work-seed.tar");
  const plan = { mode, suite: entry.suite, arch: entry.arch, packages: entry.packages, sources, seedArchivePath };
  {
    await using place = await openBootstrapFolder(system, parts.leases, draft.folder, context.operationId, parts.uid);
    await streamBootstrap(system, plan, basePath, place.path, what, proxiesOf(parts.proxies), context);
  }
  await context.stage("work seed", async () => {
    const unpack = [
      "tar",
      "--extract",
      "--no-same-owner",
      `--directory=${draft.folder}`,
      `--file=${seedArchivePath}`,
      "--",
      WORK_SEED_FILE,
    ];
    await system.processes.runOk(unpack, { timeoutMs: 60_000, signal: context.signal });
    await system.files.removeFile(seedArchivePath);
  });
  await context.stage("store", async () => {
    const manifest: ImageManifest = {
      format: 1,
      source: "debian-archive",
      distro: `debian-${entry.suite}`,
      arch: entry.arch,
      suite: entry.suite,
      packages: [...entry.packages],
      kernelRef: entry.kernelRef ?? null,
      init: "agent",
      requirements: [],
      createdAt: system.clock.nowMs(),
      base: {
        ...(await measurePart(system, basePath)),
        checksum: `sha256:${await system.files.sha256(basePath, context.signal)}`,
        format: "squashfs",
      },
      workSeed: { ...(await measurePart(system, seedPath)), writer: "host" },
      config: NO_CONFIG,
    };
    await keepImage(system, draft, as, manifest, context.signal);
  });
}

function proxiesOf(environment: ProxyEnvironment): Readonly<Record<string, string>> {
  return Object.fromEntries(PROXY_VARIABLES.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]])));
}
