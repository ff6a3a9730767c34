/** The folder of images: each appears whole by rename and goes by rename. Names that begin with a dot are not images. */
import { join } from "node:path";
import { z } from "zod";
import { BangerError } from "../../contract/errors.ts";
import { goodsName } from "../../contract/schemas/names.ts";
import type { Leases } from "../../operations/operations.ts";
import type { System } from "../../system/system.ts";
import { NO_COMMANDS } from "../../contract/schemas/image-commands.ts";
import { commandsOf } from "./commands-of.ts";
import { envOf } from "./env-of.ts";
import type { ImageParts, StoredImage } from "../images.ts";
import { baseFile, MANIFEST_FILE, WORK_SEED_FILE, parseManifest, type ImageManifest } from "./image-manifest.ts";

export interface ImageStore {
  list(): Promise<readonly StoredImage[]>;
  get(name: string): Promise<StoredImage>;
  parts(name: string): Promise<ImageParts>;
  verify(name: string, signal: AbortSignal): Promise<readonly string[]>;
  delete(name: string, requireUnused: () => void): Promise<void>;
  reconcile(): Promise<void>;
  /** Throws `exists` `image_exists`. */
  requireFree(name: string, what: string): Promise<void>;
  /** What a whole image of that name has in its manifest; undefined when there is none. */
  manifest(name: string): Promise<ImageManifest | undefined>;
  /** Whether a draft of this name is being made now. */
  isOpen(draft: string): boolean;
  /** A leased folder beside the images, for one half made. Gone, with its lease, unless it was kept. */
  openDraft(operationId: string): Promise<ImageDraft>;
}

export interface ImageDraft extends AsyncDisposable {
  readonly folder: string;
  /** Makes it the image of that name. */
  keep(name: string): Promise<void>;
}

const MANIFEST_MAX_BYTES = 1024 * 1024;

export function makeImageStore(system: System, leases: Leases): ImageStore {
  const { files, layout } = system;
  const folderOf = (name: string): string => {
    if (!goodsName.safeParse(name).success) throw imageNotFound(name);
    return join(layout.images, name);
  };
  const requireFree = async (name: string, what: string): Promise<void> => {
    if ((await files.find(folderOf(name))) === undefined) return;
    throw new BangerError("exists", "image_exists", `${what}: there is an image ${name} already`, { hint: `banger image delete ${name}` });
  };
  const read = async (name: string): Promise<ImageManifest> => {
    const folder = folderOf(name);
    const manifest = parseManifest(await files.readText(join(folder, MANIFEST_FILE), MANIFEST_MAX_BYTES));
    await requireSize(join(folder, baseFile(manifest.base.format)), manifest.base.bytes);
    if (manifest.workSeed !== null) await requireSize(join(folder, WORK_SEED_FILE), manifest.workSeed.bytes);
    return manifest;
  };
  const requireSize = async (path: string, bytes: number): Promise<void> => {
    const info = await files.find(path);
    if (info === undefined) throw new Error(`${path} is missing`);
    if (info.kind !== "file" || info.bytes !== bytes) throw new Error(`${path} is not the file of ${bytes} bytes that its manifest names`);
  };
  const describe = async (name: string): Promise<StoredImage> => {
    try {
      return whole(name, await read(name));
    } catch (error) {
      return broken(name, explain(error));
    }
  };
  /** Its folder. */
  const requireThere = async (name: string): Promise<string> => {
    const folder = folderOf(name);
    if ((await files.find(folder)) === undefined) throw imageNotFound(name);
    return folder;
  };
  const get = async (name: string): Promise<StoredImage> => {
    await requireThere(name);
    return describe(name);
  };
  const open = new Set<string>();
  const remove = async (folder: string): Promise<void> => {
    // First: what cannot be removed now, reconcile removes.
    open.delete(folder);
    await files.removeTree(folder);
    leases.drop("store-folder", folder);
  };

  return {
    get,
    requireFree,
    manifest: async (name) => ((await files.find(folderOf(name))) === undefined ? undefined : read(name).catch(() => undefined)),
    list: async () => Promise.all((await files.list(layout.images)).filter(isShown).map(describe)),
    parts: async (name) => {
      const folder = await requireThere(name);
      const { base, workSeed, kernelRef, init, requirements, config } = await read(name).catch((error: unknown) => {
        throw new BangerError("unavailable", "image_broken", `cannot use image ${name}: ${explain(error)}`, {
          hint: `banger image delete ${name}, then pull it again`,
        });
      });
      return {
        basePath: join(folder, baseFile(base.format)),
        baseFormat: base.format,
        workSeedPath: workSeed === null ? undefined : join(folder, WORK_SEED_FILE),
        kernelRef,
        init,
        requirements,
        env: envOf(config.env),
        commands: commandsOf(config),
      };
    },
    verify: async (name, signal) => {
      const image = await get(name);
      if (image.problems.length > 0) return image.problems;
      const base = baseFile((await read(name)).base.format);
      const digest = await files.sha256(join(folderOf(name), base), signal);
      return digest === image.sha256 ? [] : [`its ${base} was changed`];
    },
    delete: async (name, requireUnused) => {
      const folder = await requireThere(name);
      // Out of the list in one step; what a crash leaves of it, reconcile removes.
      const gone = join(layout.images, `.gone-${system.random.hex(8)}`);
      requireUnused();
      await files.rename(folder, gone);
      await files.removeTree(gone);
    },
    reconcile: async () => {
      const claimed = leases
        .list()
        .flatMap(({ kind, key }) => (kind === "store-folder" && key.startsWith(`${layout.images}/`) ? [key] : []));
      const seen = (await files.list(layout.images)).filter((name) => name.startsWith(".")).map((name) => join(layout.images, name));
      for (const folder of new Set([...claimed, ...seen])) if (!open.has(folder)) await remove(folder);
    },
    isOpen: (draft) => open.has(join(layout.images, draft)),
    openDraft: async (operationId) => {
      const folder = join(layout.images, `.draft-${system.random.hex(8)}`);
      await using undo = new AsyncDisposableStack();
      open.add(folder);
      undo.defer(() => remove(folder));
      leases.write({ kind: "store-folder", key: folder, vmId: undefined, operationId });
      await files.makeFolder(folder);
      const owned = undo.move();
      return {
        folder,
        keep: async (name) => {
          await requireFree(name, `cannot keep image ${name}`);
          await files.sync(folder);
          await files.rename(folder, folderOf(name));
        },
        [Symbol.asyncDispose]: () => owned.disposeAsync(),
      };
    },
  };
}

function isShown(name: string): boolean {
  return !name.startsWith(".");
}

function whole(name: string, manifest: ImageManifest): StoredImage {
  return {
    name,
    source: manifest.source,
    distro: manifest.distro,
    arch: manifest.arch,
    kernelRef: manifest.kernelRef,
    init: manifest.init,
    requirements: manifest.requirements,
    commands: commandsOf(manifest.config),
    sha256: manifest.base.sha256,
    bytes: manifest.base.storedBytes + (manifest.workSeed?.storedBytes ?? 0),
    hasWorkSeed: manifest.workSeed !== null,
    createdAt: manifest.createdAt,
    problems: [],
  };
}

function broken(name: string, problem: string): StoredImage {
  return {
    name,
    source: "unknown",
    distro: null,
    arch: "unknown",
    kernelRef: null,
    init: "agent",
    requirements: [],
    commands: NO_COMMANDS,
    sha256: "",
    bytes: 0,
    hasWorkSeed: false,
    createdAt: 0,
    problems: [problem],
  };
}

function explain(error: unknown): string {
  if (error instanceof z.ZodError) return `its ${MANIFEST_FILE} is not valid: ${z.prettifyError(error).replaceAll("\n", " ")}`;
  if (error instanceof SyntaxError) return `its ${MANIFEST_FILE} is not JSON: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}

function imageNotFound(name: string): BangerError {
  return new BangerError("not_found", "image_not_found", `cannot find image ${name}: there is none of that name`, {
    hint: `banger image pull ${name}`,
  });
}
