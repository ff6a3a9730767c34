import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Lease, Leases } from "../../operations/operations.ts";
import { makeSystem } from "../../system/make-system.ts";
import type { Log, System } from "../../system/system.ts";
import type { ImageManifest } from "./image-manifest.ts";
import { makeImageStore, type ImageStore } from "./image-store.ts";

const ignore = (): void => undefined;
/** No image here was put together by it. */
const placeLayers = (): Promise<string> => Promise.reject(new Error("not asked for"));
const log: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
const manifest: ImageManifest = {
  format: 1,
  source: "debian-archive",
  distro: "debian-bookworm",
  arch: "amd64",
  suite: "bookworm",
  packages: ["systemd"],
  kernelRef: "debian-6.12",
  init: "agent",
  requirements: [{ kind: "tcp", port: 80, name: "web server", deadlineMs: 60_000, hint: null }],
  createdAt: 1,
  base: { format: "squashfs", bytes: 4, storedBytes: 4096, checksum: `sha256:${"a".repeat(64)}` },
  workSeed: { bytes: 4, storedBytes: 4096, writer: "host" },
  config: { env: [], workingDir: "", user: "", entrypoint: [], cmd: [] },
};
let home: string;
let system: System;
let leases: Leases & { held: Lease[] };
let store: ImageStore;

beforeEach(() => {
  home = mkdtempSync("/tmp/banger-images-");
  system = makeSystem({ BANGER_HOME: home, PATH: process.env["PATH"] }, log);
  const held: Lease[] = [];
  leases = {
    held,
    write: (lease) => void held.push(lease),
    drop: (kind, key) => void held.splice(0, held.length, ...held.filter((lease) => lease.kind !== kind || lease.key !== key)),
    dropAllOf: ignore,
    list: () => held,
  };
  store = makeImageStore(system, leases, placeLayers);
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

async function put(name: string, text = JSON.stringify(manifest)): Promise<void> {
  await using draft = await store.openDraft("operation");
  await system.files.write(join(draft.folder, "base.squashfs"), "base");
  await system.files.write(join(draft.folder, "work-seed.ext4"), "seed");
  await system.files.write(join(draft.folder, "manifest.json"), text);
  await draft.keep(name);
}

describe("the store of images", () => {
  test("reads what an earlier version kept", async () => {
    const { checksum, ...base } = manifest.base;
    await put("old", JSON.stringify({ ...manifest, base: { ...base, sha256: checksum.slice("sha256:".length) } }));
    expect(await store.get("old")).toMatchObject({ checksum, problems: [] });
  });

  test("lists what was kept, and gives its parts", async () => {
    await put("debian");
    expect(await store.list()).toMatchObject([{ name: "debian", bytes: 8192, hasWorkSeed: true, problems: [] }]);
    expect(await store.parts("debian")).toEqual({
      basePath: join(home, "data/images/debian/base.squashfs"),
      baseFormat: "squashfs",
      leastWorkBytes: 0,
      workSeedPath: join(home, "data/images/debian/work-seed.ext4"),
      kernelRef: "debian-6.12",
      init: "agent",
      requirements: manifest.requirements,
      env: {},
      commands: { user: "", workingDir: "", entrypoint: [], cmd: [] },
    });
    expect(leases.held).toEqual([]);
  });

  test("holds a lease on a draft until it is gone, and lists none", async () => {
    const draft = await store.openDraft("operation");
    expect(leases.held).toMatchObject([{ kind: "store-folder", key: draft.folder, operationId: "operation" }]);
    expect(await store.list()).toEqual([]);
    await draft[Symbol.asyncDispose]();
    expect(leases.held).toEqual([]);
    expect(await system.files.list(system.layout.images)).toEqual([]);
  });

  test("removes the drafts and remains that a dead daemon left, and nothing else", async () => {
    await put("debian");
    await store.openDraft("operation");
    leases.write({ kind: "store-folder", key: join(system.layout.images, ".draft-not-made"), vmId: undefined, operationId: "operation" });
    await system.files.makeFolder(join(system.layout.images, ".gone-1"));
    await makeImageStore(system, leases, placeLayers).reconcile();
    expect(await system.files.list(system.layout.images)).toEqual(["debian"]);
    expect(leases.held).toEqual([]);
  });

  test("leaves the draft of one that is being made", async () => {
    await using draft = await store.openDraft("operation");
    await store.reconcile();
    expect(await system.files.list(system.layout.images)).toEqual([draft.folder.slice(system.layout.images.length + 1)]);
  });

  test.each([
    ["not json", /not JSON/],
    [JSON.stringify({ ...manifest, extra: 1 }), /extra/],
    [JSON.stringify({ ...manifest, base: { ...manifest.base, bytes: 5 } }), /base\.squashfs is not the file of 5 bytes/],
  ])("shows an image with the manifest %p as broken, and gives no parts of it", async (text, problem) => {
    await put("odd", text);
    const [image] = await store.list();
    expect(image?.name).toBe("odd");
    expect(image?.problems[0]).toMatch(problem);
    expect(await store.parts("odd").catch((error: unknown) => error)).toMatchObject({ code: "image_broken" });
    await store.delete("odd", () => undefined);
    expect(await store.list()).toEqual([]);
  });

  test("gives one more name, by which the same disks are there once, until the last of them goes", async () => {
    await put("debian");
    await put("other");
    await store.tag("debian", "base");
    const [base, debian, other] = await store.list();
    expect(base).toEqual({ ...debian, name: "base", sharedWith: ["debian"] } as typeof base);
    expect(debian).toMatchObject({ bytes: 8192, sharedBytes: 8192, sharedWith: ["base"] });
    expect(other).toMatchObject({ sharedBytes: 0, sharedWith: [] });
    expect(await store.get("base")).toEqual(base as NonNullable<typeof base>);
    const { basePath, workSeedPath } = await store.parts("base");
    expect((await system.files.find(basePath))?.links).toBe(2);
    await store.delete("debian", () => undefined);
    expect(await system.files.readText(basePath)).toBe("base");
    expect(await system.files.readText(workSeedPath ?? "")).toBe("seed");
    expect(await store.get("base")).toMatchObject({ sharedBytes: 0, problems: [] });
    expect(leases.held).toEqual([]);
  });

  test("calls it otherwise, unless that name is taken or somebody uses it", async () => {
    await put("debian");
    await put("other");
    const rename = (name: string, to: string, inUse = false): Promise<unknown> =>
      store
        .rename(name, to, () => {
          if (inUse) throw new Error("in use");
        })
        .catch((error: { code?: string; message: string }) => error.code ?? error.message);
    expect(await rename("debian", "other")).toBe("image_exists");
    expect(await rename("gone", "new")).toBe("image_not_found");
    expect(await rename("debian", "new", true)).toBe("in use");
    expect(await rename("debian", "debian")).toBeUndefined();
    expect(await rename("debian", "new")).toBeUndefined();
    expect((await store.list()).map(({ name, problems }) => [name, problems])).toEqual([
      ["new", []],
      ["other", []],
    ]);
  });

  test("copies where a file can have one name alone", async () => {
    await put("debian");
    const link = (): never => {
      throw Object.assign(new Error("EMLINK: too many links"), { code: "EMLINK" });
    };
    await makeImageStore({ ...system, files: { ...system.files, link } }, leases, placeLayers).tag("debian", "base");
    expect(await store.get("base")).toMatchObject({ sharedBytes: 0, problems: [] });
    expect(await system.files.readText((await store.parts("base")).basePath)).toBe("base");
  });

  test("gives no name that is taken, nor one to what is broken, gone or going", async () => {
    await put("debian");
    await put("odd", "not json");
    const tag = (name: string, to: string): Promise<unknown> => store.tag(name, to).catch((error: { code?: string }) => error.code);
    expect(await tag("debian", "odd")).toBe("image_exists");
    expect(await tag("debian", "debian")).toBe("image_exists");
    expect(await tag("odd", "new")).toBe("image_broken");
    expect(await tag("gone", "new")).toBe("image_not_found");
    const going = { ...system.files, link: async () => (await store.delete("debian", () => undefined), false) };
    const meanwhile = makeImageStore({ ...system, files: going }, leases, placeLayers).tag("debian", "new");
    expect(await meanwhile.catch((error: { code?: string }) => error.code)).toBe("image_not_found");
    expect(await system.files.list(system.layout.images)).toEqual(["odd"]);
    expect(leases.held).toEqual([]);
  });

  test("lets one of many rename it, or delete it, and tells the others that it is gone", async () => {
    const nobody = (): void => undefined;
    const told = (work: Promise<unknown>): Promise<string> =>
      work.then(
        () => "done",
        (error: { code?: string; message: string }) => error.code ?? error.message,
      );
    for (let round = 0; round < 10; round += 1) {
      await put("debian");
      await put("other");
      const outcomes = await Promise.all([
        told(store.rename("debian", "new", nobody)),
        told(store.tag("other", "new")),
        told(store.rename("debian", "newer", nobody)),
        told(store.delete("debian", nobody)),
        told(store.tag("debian", "newest")),
        told(put("new")),
      ]);
      const known = ["done", "image_not_found", "image_exists"];
      expect(outcomes.filter((outcome) => !known.includes(outcome))).toEqual([]);
      for (const name of await system.files.list(system.layout.images)) await store.delete(name, nobody);
    }
    expect(leases.held).toEqual([]);
  });

  test("gives the image its name back that could not be replaced", async () => {
    await put("debian");
    const before = await store.get("debian");
    const rename: System["files"]["rename"] = async (from, to) => {
      if (from.includes(".draft-")) throw new Error("no room");
      await system.files.rename(from, to);
    };
    const odd = makeImageStore({ ...system, files: { ...system.files, rename } }, leases, placeLayers);
    const replace = async (): Promise<void> => {
      await using draft = await odd.openDraft("operation");
      await draft.keep("debian", () => undefined);
    };
    expect(replace()).rejects.toThrow("no room");
    await replace().catch(() => undefined);
    expect(await system.files.list(system.layout.images)).toEqual(["debian"]);
    expect(await store.get("debian")).toEqual(before);
  });

  test("knows no image outside its folder", async () => {
    for (const name of ["../../images", "..", "", ".draft-1", "a/b"]) {
      expect(await store.delete(name, () => undefined).catch((error: unknown) => error)).toMatchObject({ code: "image_not_found" });
    }
  });

  test("keeps the first of two with one name", async () => {
    await put("debian");
    expect(await put("debian").catch((error: unknown) => error)).toMatchObject({ code: "image_exists" });
    expect(await system.files.list(system.layout.images)).toEqual(["debian"]);
  });
});
