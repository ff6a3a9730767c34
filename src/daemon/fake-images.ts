/** Images for tests, in memory. */
import { missing } from "./fake-kernels.ts";
import { NO_COMMANDS, type ImageCommands } from "../contract/schemas/image-commands.ts";
import type { StoredImage } from "../images/images.ts";
import type { Rooms } from "./rooms.ts";

/** Of the images `web`, which serves, and `shell`, which only has one. */
export function fakeCommandsOf(image = ""): ImageCommands {
  if (image === "web") return { user: "web", workingDir: "/srv", entrypoint: ["echo", "entry"], cmd: ["serve", "all of it"] };
  return image === "shell" ? { ...NO_COMMANDS, cmd: ["sh"] } : NO_COMMANDS;
}

function fakeBundle(name: string, folder: string): Awaited<ReturnType<Rooms["images"]["bundle"]>> {
  const file = `${name}-amd64-00.tar.zst`;
  return { path: `${folder}/${file}`, file, sha256: "00", bytes: 1000, name, distro: "debian", arch: "amd64", kernelRef: null };
}

export function makeFakeImages(): Rooms["images"] {
  const images = new Map<string, StoredImage>();
  const add = (as: string): StoredImage => {
    const image: StoredImage = {
      name: as,
      source: "debian-archive",
      distro: "debian",
      arch: "amd64",
      kernelRef: null,
      init: "agent",
      requirements: [],
      commands: fakeCommandsOf(as),
      env: [],
      checksum: "00",
      bytes: 1000,
      sharedBytes: 0,
      sharedWith: [],
      base: { format: "squashfs", bytes: 900, usedBytes: 900 },
      workSeed: { bytes: 2000, usedBytes: 100 },
      hasWorkSeed: true,
      reference: null,
      digest: null,
      layers: [],
      createdAt: 0,
      problems: [],
    };
    images.set(as, image);
    return image;
  };
  return {
    pull: async (name, as = name) => add(as),
    import: async (name) => add(name),
    keep: async (name) => add(name),
    identityOf: async () => undefined,
    requireFree: async () => undefined,
    register: async (name) => add(name),
    list: async () => [...images.values()],
    get: async (name) => images.get(name) ?? missing("image", name),
    verify: async () => [],
    probes: () => [],
    parts: async () => Promise.reject(new Error("not faked")),
    bundle: async (name, folder) => (images.has(name) ? fakeBundle(name, folder) : missing("image", name)),
    makeBundle: async (name, _from, folder) => fakeBundle(name, folder),
    rename: async (name, to, requireUnused) => {
      requireUnused();
      const stored = { ...(images.get(name) ?? missing("image", name)), name: to };
      images.delete(name);
      images.set(to, stored);
      return stored;
    },
    tag: async (name, to) => {
      const stored = { ...(images.get(name) ?? missing("image", name)), name: to };
      images.set(to, stored);
      return stored;
    },
    delete: async (name, requireUnused) => {
      requireUnused();
      if (!images.delete(name)) missing("image", name);
    },
    reconcile: async () => undefined,
  };
}
