/** Kernels in memory, for tests of the daemon's doors. */
import { BangerError } from "../contract/errors.ts";
import type { StoredKernel } from "../kernels/kernels.ts";
import type { Rooms } from "./rooms.ts";

export function makeFakeKernels(): Rooms["kernels"] {
  const kernels = new Map<string, StoredKernel>();
  const keep = async (name: string, source: string): Promise<StoredKernel> => {
    const kernel = {
      name,
      source,
      distro: "debian",
      arch: "amd64",
      version: "6.12",
      sha256: "00",
      bytes: 1000,
      modules: [],
      createdAt: 0,
      problems: [],
    };
    kernels.set(name, kernel);
    return kernel;
  };
  return {
    pull: (name, as = name) => keep(as, "debian-archive"),
    import: (name) => keep(name, "import"),
    build: ({ name }) => keep(name, "build"),
    list: async () => [...kernels.values()],
    get: async (name) => kernels.get(name) ?? missing("kernel", name),
    delete: async (name, requireUnused) => {
      requireUnused();
      if (!kernels.delete(name)) missing("kernel", name);
    },
    bundle: async (name, folder) => {
      if (!kernels.has(name)) missing("kernel", name);
      const file = `${name}-amd64-00.tar.zst`;
      return { path: `${folder}/${file}`, file, sha256: "00", bytes: 1000, name, distro: "debian", arch: "amd64", version: "6.12" };
    },
    rename: async (name, to, requireUnused) => {
      requireUnused();
      const kernel = kernels.get(name) ?? missing("kernel", name);
      kernels.delete(name);
      return keep(to, kernel.source);
    },
    findUnusedInitrds: async () => [],
    verify: async () => [],
    bootSet: async () => Promise.reject(new Error("not faked")),
    reconcile: async () => undefined,
  };
}

export function missing(what: "kernel" | "image", name: string): never {
  throw new BangerError("not_found", `${what}_not_found`, `no ${what} is named \`${name}\``, { hint: `banger ${what} pull ${name}` });
}
