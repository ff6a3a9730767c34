/** Where the parts of a kernel are in a folder: as its metadata says, else by the names that distributions use. Pure. */
import { BangerError } from "../../contract/errors.ts";
import type { KernelPlace } from "../assemble-kernel.ts";
import type { FileTree } from "../file-tree.ts";
import type { KernelMetadata } from "./metadata.ts";

const MODULE_FOLDERS = ["lib/modules", "usr/lib/modules"];
/** `vmlinux` before `vmlinuz`, the folder itself before `boot`; a `.zst` is how a lone kernel is passed on. */
const KERNEL_NAME = /^(boot\/)?vmlinu([xz])(?:-([^/]+?))?(\.zst)?$/;

/** Throws `not_found` `no_kernel_in_folder`. @param folder for messages. */
export function findKernelPlace(tree: FileTree, metadata: KernelMetadata | undefined, folder: string): KernelPlace {
  if (metadata !== undefined) return placeByMetadata(tree, metadata);
  const [best] = tree.names
    .flatMap((name) => {
      const match = KERNEL_NAME.exec(name);
      return match === null ? [] : [{ name, inBoot: match[1] !== undefined, isBootImage: match[2] === "z", version: match[3] ?? "" }];
    })
    .toSorted(
      (a, b) =>
        Number(a.inBoot) - Number(b.inBoot) || compareVersions(b.version, a.version) || Number(a.isBootImage) - Number(b.isBootImage),
    );
  if (best === undefined) {
    throw new BangerError(
      "not_found",
      "no_kernel_in_folder",
      `cannot import from ${folder}: it has no metadata.json, no vmlinux and no boot/vmlinu[xz]-*`,
      {
        hint: "give a folder with a file vmlinux, or the root folder of a system; links in it are not followed",
      },
    );
  }
  const config = ["config", `config-${best.version}`, `boot/config-${best.version}`].find((name) => tree.names.includes(name));
  return { tree, kernel: best.name, config, modulesFolder: (version) => findModules(tree, version ?? best.version), needsAcpi: undefined };
}

function placeByMetadata(tree: FileTree, metadata: KernelMetadata): KernelPlace {
  return {
    tree,
    kernel: metadata.kernel,
    config: metadata.config,
    modulesFolder: () => metadata.modules,
    needsAcpi: metadata.needsAcpi,
    sha256: metadata.sha256,
  };
}

/** The modules of this very version, else the newest there are; whether they fit is checked when they are read. */
function findModules(tree: FileTree, version: string): string | undefined {
  const folders = MODULE_FOLDERS.flatMap((root) => [
    ...new Set(
      tree.names
        .filter((name) => name.startsWith(`${root}/`))
        .map((name) =>
          name
            .split("/")
            .slice(0, root.split("/").length + 1)
            .join("/"),
        ),
    ),
  ]);
  const versionOf = (folder: string): string => folder.slice(folder.lastIndexOf("/") + 1);
  return (
    folders.find((folder) => versionOf(folder) === version) ?? folders.toSorted((a, b) => compareVersions(versionOf(b), versionOf(a)))[0]
  );
}

/** Numbers by value: 6.12 is newer than 6.9. */
function compareVersions(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}
