/** A kernel or an image in a bundle, with a catalog that offers it: what there is to be pulled where no catalog is. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeSilentKernel } from "./silent-kernel.ts";
import type { World } from "./world.ts";

export interface OfferedBundle {
  /** To add the catalog with. */
  readonly publicKey: string;
  /** `NAME-ARCH-DIGEST.tar.zst`, beside `catalog.json`. */
  readonly file: string;
  readonly sha256: string;
}

/**
 * Puts a kernel or an image of the world into a folder as a bundle, which takes it out of the world, with `catalog.json` of the catalog
 * `acme` or another, which has it as `name`.
 */
export async function offer(
  world: World,
  type: "kernel" | "image",
  goods: string,
  folder: string,
  name = goods,
  catalog = "acme",
): Promise<OfferedBundle> {
  const at = (file: string): string => join(folder, file);
  const shown = await world.json<{ requirements?: readonly { readonly name: string }[] }>([type, "show", goods]);
  const made = await world.json<Readonly<Record<string, unknown>> & OfferedBundle>([type, "bundle", goods, "--into", folder]);
  await world.ok([type, "delete", goods]);
  const { file, sha256, bytes, distro, arch, kernelRef } = made;
  const needs = shown.requirements?.map((each) => each.name) ?? [];
  const more = { ...(typeof kernelRef === "string" ? { kernelRef } : {}), ...(needs.length === 0 ? {} : { requirements: needs }) };
  const entry = { type, name, distro, arch, ...more, description: "", bundle: { url: file, sha256, bytes } };
  writeFileSync(at("catalog.json"), JSON.stringify({ schema: 1, name: catalog, entries: [entry] }));
  const { publicKey } = await world.json<{ publicKey: string }>(["catalog", "keygen", at("key")]);
  await world.ok(["catalog", "sign", at("catalog.json"), "-s", at("key"), "--valid-for", "1d"]);
  return { publicKey, file, sha256 };
}

/** The same of a kernel of a few hundred bytes, `acme/little`, in a new folder; no daemon runs afterwards. Returns the key. */
export async function offerLittle(world: World, folder: string): Promise<string> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  mkdirSync(join(world.folder, "kernel"), { recursive: true });
  writeFileSync(join(world.folder, "kernel/vmlinux"), makeSilentKernel("hello"));
  await world.ok(["kernel", "import", "little", "--from", join(world.folder, "kernel")]);
  const { publicKey } = await offer(world, "kernel", "little", folder);
  await world.ok(["daemon", "stop"]);
  return publicKey;
}
