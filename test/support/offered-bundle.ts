/** A kernel of a few hundred bytes in a bundle, with a catalog that offers it. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeSilentKernel } from "./silent-kernel.ts";
import type { World } from "./world.ts";

/**
 * Puts `catalog.json` of the catalog `acme`, and the bundle of `acme/little`, into a folder, and returns the key to add it with.
 * What a kernel or daemon was needed for that is gone again.
 */
export async function offerBundle(world: World, folder: string): Promise<string> {
  const at = (name: string): string => join(folder, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  mkdirSync(join(world.folder, "kernel"), { recursive: true });
  writeFileSync(join(world.folder, "kernel/vmlinux"), makeSilentKernel("hello"));
  await world.ok(["kernel", "import", "little", "--from", join(world.folder, "kernel")]);
  const made = await world.json(["kernel", "bundle", "little", "--into", folder]);
  await world.ok(["kernel", "delete", "little"]);
  const { file: url, sha256, bytes, distro, arch } = made;
  const entry = { type: "kernel", name: "little", distro, arch, description: "", bundle: { url, sha256, bytes } };
  writeFileSync(at("catalog.json"), JSON.stringify({ schema: 1, name: "acme", entries: [entry] }));
  const { publicKey } = await world.json<{ publicKey: string }>(["catalog", "keygen", join(world.folder, "key")]);
  await world.ok(["catalog", "sign", at("catalog.json"), "-s", join(world.folder, "key"), "--valid-for", "1d"]);
  await world.ok(["daemon", "stop"]);
  return publicKey;
}
