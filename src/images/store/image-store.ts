/** The folder of images: each appears whole by rename and goes by rename. Names that begin with a dot are not images. */
import { join } from "node:path";
import { BangerError } from "../../contract/errors.ts";
import { goodsName } from "../../contract/schemas/names.ts";
import { makeInTurn, makeLeased, type Leases } from "../../operations/operations.ts";
import type { System } from "../../system/system.ts";
import { linkOrCopy } from "../../disks/disks.ts";
import { hasChecksum } from "./checksum.ts";
import { commandsOf } from "./commands-of.ts";
import { envOf } from "./env-of.ts";
import { keepImage } from "./keep-image.ts";
import type { ImageParts, StoredImage } from "../images.ts";
import { baseFile, MANIFEST_FILE, WORK_SEED_FILE, parseManifest, type ImageManifest } from "./image-manifest.ts";
import { broken, explain, whole, withShares, type LookedImage } from "./stored-image.ts";

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
  openDraft(operationId: string | undefined): Promise<ImageDraft>;
  /** The folder of an image. Throws `not_found` `image_not_found`. */
  folderOf(name: string): Promise<string>;
  /** What an image has in its manifest. Throws as `folderOf`, and `unavailable` `image_broken`. @param verb for that: `cannot VERB image`. */
  whole(name: string, verb: string): Promise<ImageManifest>;
  /** One more name, by links to its disks. Throws as `whole`, and `exists` `image_exists`. */
  tag(name: string, to: string): Promise<void>;
  /** Throws as `folderOf`, `exists` `image_exists`, and what `requireUnused` throws. */
  rename(name: string, to: string, requireUnused: () => void): Promise<void>;
}

export interface ImageDraft extends AsyncDisposable {
  readonly folder: string;
  /**
   * Makes it the image of that name.
   * @param requireReplaceable lets it take the place of another, unless it throws; asked right before. Cut off in between, that other one
   * is there by another name.
   */
  keep(name: string, requireReplaceable?: () => void): Promise<void>;
}

const MANIFEST_MAX_BYTES = 1024 * 1024;

/** @param placeLayers gives the path of the program `banger-layers`. */
export function makeImageStore(system: System, leases: Leases, placeLayers: () => Promise<string>): ImageStore {
  const { files, layout } = system;
  /** Who gives a name and who takes one away: what each has looked at is so until it is done. */
  const inTurn = makeInTurn();
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
  const look = async (name: string): Promise<LookedImage> => {
    try {
      const manifest = await read(name);
      const used: LookedImage["files"][number][] = [];
      for (const [file, { storedBytes }] of filesOf(manifest)) {
        const info = await files.find(join(folderOf(name), file));
        if (info !== undefined) used.push({ id: info.id, usedBytes: storedBytes });
      }
      return { stored: whole(name, manifest), files: used };
    } catch (error) {
      return { stored: broken(name, explain(error)), files: [] };
    }
  };
  const list = async (): Promise<readonly StoredImage[]> =>
    withShares(await Promise.all((await files.list(layout.images)).filter(isShown).map(look)));
  /** Its folder. */
  const requireThere = async (name: string): Promise<string> => {
    const folder = folderOf(name);
    if ((await files.find(folder)) === undefined) throw imageNotFound(name);
    return folder;
  };
  /** Throws with what is wrong with it. */
  const requireWhole = async (name: string, verb: string): Promise<ImageManifest> => {
    try {
      return await read(name);
    } catch (error) {
      // Nothing holds it: it may have been deleted meanwhile.
      await requireThere(name);
      throw new BangerError("unavailable", "image_broken", `cannot ${verb} image ${name}: ${explain(error)}`, {
        hint: `banger image delete ${name}, then pull it again`,
      });
    }
  };
  const get = async (name: string): Promise<StoredImage> => {
    await requireThere(name);
    // What is shared is seen by looking at all.
    const found = (await list()).find((image) => image.name === name);
    if (found === undefined) throw imageNotFound(name);
    return found;
  };
  const drafts = makeLeased({
    leases,
    kind: "store-folder",
    isOurs: (path) => path.startsWith(`${layout.images}/`),
    remove: (path) => files.removeTree(path),
  });

  /** Out of the list in one step; what a crash leaves of it, reconcile removes. Gives the path of what is to be removed. */
  const hide = async (folder: string): Promise<string> => {
    const gone = join(layout.images, `.gone-${system.random.hex(8)}`);
    await files.rename(folder, gone);
    return gone;
  };
  /** As `hide`, of the image whose place is taken; it has its name again when that fails. */
  const replace = async (name: string, folder: string): Promise<string> => {
    const former = folderOf(`${name.slice(0, 100)}.before-${system.random.hex(4)}`);
    await files.rename(folderOf(name), former);
    try {
      await files.rename(folder, folderOf(name));
    } catch (error) {
      // Where that fails too it keeps the other name, and somebody will see it in the list.
      await files.rename(former, folderOf(name)).catch(() => undefined);
      throw error;
    }
    return hide(former);
  };

  const openDraft: ImageStore["openDraft"] = async (operationId) => {
    const folder = join(layout.images, `.draft-${system.random.hex(8)}`);
    const draft = await drafts.open(folder, operationId, () => files.makeFolder(folder));
    return {
      folder,
      keep: async (name, requireReplaceable) => {
        await files.sync(folder);
        const gone = await inTurn(async () => {
          const isReplacing = requireReplaceable !== undefined && (await files.find(folderOf(name))) !== undefined;
          if (!isReplacing) await requireFree(name, `cannot keep image ${name}`);
          requireReplaceable?.();
          if (isReplacing) return replace(name, folder);
          await files.rename(folder, folderOf(name));
          return undefined;
        });
        if (gone !== undefined) await files.removeTree(gone);
      },
      [Symbol.asyncDispose]: () => draft[Symbol.asyncDispose](),
    };
  };

  return {
    get,
    list,
    requireFree,
    openDraft,
    folderOf: requireThere,
    manifest: async (name) => ((await files.find(folderOf(name))) === undefined ? undefined : read(name).catch(() => undefined)),
    whole: async (name, verb) => {
      await requireThere(name);
      return requireWhole(name, verb);
    },
    tag: async (name, to) => {
      const folder = await requireThere(name);
      const manifest = await requireWhole(name, "tag");
      await requireFree(to, `cannot tag image ${name} as ${to}`);
      await using draft = await openDraft(undefined);
      try {
        for (const [file] of filesOf(manifest)) await linkOrCopy(files, join(folder, file), join(draft.folder, file));
      } catch (error) {
        // Nothing holds it: it may have been deleted meanwhile.
        await requireThere(name);
        throw error;
      }
      await keepImage(system, draft, to, manifest);
    },
    parts: async (name) => {
      const folder = await requireThere(name);
      const { base, workSeed, kernelRef, init, requirements, config } = await requireWhole(name, "use");
      return {
        basePath: join(folder, baseFile(base.format)),
        baseFormat: base.format,
        leastWorkBytes: workSeed?.writer === "guest" ? workSeed.bytes : 0,
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
      const isSame = await hasChecksum(system, placeLayers, join(folderOf(name), base), image.checksum, signal);
      return isSame ? [] : [`its ${base} was changed`];
    },
    rename: (name, to, requireUnused) =>
      inTurn(async () => {
        const folder = await requireThere(name);
        // Nothing in it says what it is called.
        if (name !== to) await requireFree(to, `cannot rename image ${name} to ${to}`);
        requireUnused();
        if (name !== to) await files.rename(folder, folderOf(to));
      }),
    delete: async (name, requireUnused) => {
      const gone = await inTurn(async () => {
        const folder = await requireThere(name);
        requireUnused();
        return hide(folder);
      });
      await files.removeTree(gone);
    },
    reconcile: async () => {
      await drafts.sweep((await files.list(layout.images)).filter((name) => name.startsWith(".")).map((name) => join(layout.images, name)));
    },
    isOpen: (draft) => drafts.isOpen(join(layout.images, draft)),
  };
}

/** Its disks. */
function filesOf({ base, workSeed }: ImageManifest): readonly (readonly [file: string, part: { readonly storedBytes: number }])[] {
  return [[baseFile(base.format), base], ...(workSeed === null ? [] : [[WORK_SEED_FILE, workSeed] as const])];
}

function isShown(name: string): boolean {
  return !name.startsWith(".");
}

function imageNotFound(name: string): BangerError {
  return new BangerError("not_found", "image_not_found", `cannot find image ${name}: there is none of that name`, {
    hint: `banger image pull ${name}`,
  });
}
