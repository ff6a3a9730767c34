/** An image of a registry in the store: what is kept of it, and what is left of one that fails. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { makeBundles } from "../../src/catalog/bundle/make-bundles.ts";
import { openFetcher } from "../../src/catalog/fetch/open-fetcher.ts";
import { madeOffers } from "../../src/catalog/offers/made-offers.ts";
import { madeSources } from "../../src/catalog/oci/made-sources.ts";
import type { Images } from "../../src/images/images.ts";
import { makeImages } from "../../src/images/make-images.ts";
import { makeSystem } from "../../src/system/make-system.ts";
import { writeLittleLayers } from "../support/little-layers.ts";
import { digestOf, makeImage, openFakeRegistry, type FakeRegistry } from "../support/oci-world.ts";
import { aptArchive } from "./images-apt-archive.ts";
import { makeMemoryLeases } from "./images-memory-leases.ts";
import { recordingContext } from "./images-recording-context.ts";
import { silentLog } from "./images-silent-log.ts";

const home = mkdtempSync("/tmp/banger-images-oci-");
const system = makeSystem({ PATH: process.env["PATH"], BANGER_HOME: home }, silentLog);
const leases = makeMemoryLeases();
const image = makeImage();
let registry: FakeRegistry & AsyncDisposable;

beforeAll(() => {
  registry = openFakeRegistry(image);
});
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  rmSync(home, { recursive: true });
});

const open = (layersPath: string): Images =>
  makeImages({
    system,
    offers: madeOffers(),
    archive: aptArchive,
    sources: madeSources(system),
    bundles: makeBundles(system, openFetcher(system, { proxies: {}, advice: "" }), leases),
    placeLayers: async () => layersPath,
    leases,
    uid: 0,
  });
const little = (name: string, body?: string): string => writeLittleLayers(join(home, name), body);
const nothingIsLeft = (but: readonly string[] = []): void => {
  expect(readdirSync(system.layout.images)).toEqual([...but]);
  expect(leases.list()).toEqual([]);
};

describe("an image of a registry", () => {
  test("is kept with where it comes from and how it is to be run", async () => {
    const images = open(little("well"));
    const context = recordingContext();
    const kept = await images.pull(`${registry.host}/acme/web`, undefined, context, { kernelRef: "debian-6.12" });
    expect(kept).toMatchObject({ name: "web", source: "oci", arch: "amd64", kernelRef: "debian-6.12", hasWorkSeed: false, problems: [] });
    expect(context.stages).toEqual(["resolve", "download", "merge", "store"]);
    const folder = join(system.layout.images, "web");
    expect(await images.parts("web")).toMatchObject({ basePath: join(folder, "base.erofs"), baseFormat: "erofs", workSeedPath: undefined });
    expect(await images.verify("web", context.signal)).toEqual([]);
    expect(JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"))).toMatchObject({
      base: { format: "erofs" },
      oci: { reference: `${registry.host}/acme/web:latest`, digest: digestOf(image.manifest) },
      config: { env: ["PATH=/bin"], cmd: ["sh"], user: "" },
    });
    const asked = JSON.parse(readFileSync(join(folder, "base.erofs"), "utf8")) as { layers: { path: string }[] };
    expect(asked).toMatchObject({ layers: image.layers.map((layer) => ({ diffId: digestOf(gunzipSync(layer)), compression: "gzip" })) });
    expect(asked.layers.map(({ path }) => digestOf(readFileSync(path)))).toEqual(image.layers.map(digestOf));
    nothingIsLeft(["web"]);
    // What is there is not fetched, and not made, again; for another kernel it would be another image.
    const again = recordingContext();
    const seen = registry.seen.length;
    expect(await images.pull(`${registry.host}/acme/web`, undefined, again)).toEqual(kept);
    expect(again.stages).toEqual(["resolve"]);
    expect(registry.seen.slice(seen).filter((asked) => JSON.stringify(asked).includes("/blobs/"))).toEqual([]);
    const other = images.pull(`${registry.host}/acme/web`, undefined, context, { kernelRef: "other" });
    await expect(other).rejects.toMatchObject({ code: "image_exists" });
    await images.delete("web", () => undefined);
    nothingIsLeft();
  });

  test.each([
    ["finds a layer that is no good", `echo '{"failed":{"code":"damaged_layer","message":"x"}}'; exit 1`, "damaged_layer"],
    ["finds the disk full", `echo '{"failed":{"code":"disk_full","message":"x"}}'; exit 1`, "disk_full"],
    ["says what nobody understands", "echo hello", "program_failed"],
    ["says a line without end", "yes | tr -d '\\n'", "program_failed"],
    ["ends without a word", "exit 0", "program_failed"],
    ["ends with a word on stderr", "echo oh >&2; exit 101", "program_failed"],
    ["is killed", "kill -9 $$", "program_failed"],
    ["announces another file", `: > "$2"; echo '{"done":{"bytes":5,"entries":0,"checksum":"sha256:${"a".repeat(64)}"}}'`, "program_failed"],
    ["makes no file", `echo '{"done":{"bytes":0,"entries":0,"checksum":"sha256:${"a".repeat(64)}"}}'`, "program_failed"],
  ])("whose program %s is not kept", async (what, body, code) => {
    const images = open(little(what.replaceAll(" ", "-"), body));
    await expect(images.pull(`${registry.host}/acme/web`, undefined, recordingContext())).rejects.toMatchObject({ code });
    nothingIsLeft();
  });

  test("names in what its program says steer no terminal", async () => {
    const images = open(little("steer", String.raw`echo '{"failed":{"code":"damaged_layer","message":"a\u001b[2Jb"}}'; exit 1`));
    const error: unknown = await images.pull(`${registry.host}/acme/web`, undefined, recordingContext()).catch((thrown: unknown) => thrown);
    expect(error instanceof Error && error.message).not.toContain("\u001b");
  });

  test("whose pull is cancelled while it is put together leaves nothing", async () => {
    const images = open(little("slow", "exec sleep 100"));
    const context = recordingContext(AbortSignal.timeout(500));
    await expect(images.pull(`${registry.host}/acme/web`, undefined, context)).rejects.toMatchObject({ code: "cancelled" });
    nothingIsLeft();
  });

  test.each([
    ["nothing-12", {}, "image_not_in_catalog"],
    ["banger/nothing-12", {}, "image_not_in_catalog"],
    ["debian-bookworm", { platform: "linux/amd64" }, "not_of_a_registry"],
    ["debian-bookworm", { kernelRef: "k" }, "not_of_a_registry"],
    ["http://x/y", {}, "bad_image_reference"],
    ["oci:/nowhere", {}, "bad_oci_layout"],
  ] as const)("is not what %s means, with %j", async (name, how, code) => {
    await expect(open(little("well")).pull(name, undefined, recordingContext(), how)).rejects.toMatchObject({ code });
  });
});
