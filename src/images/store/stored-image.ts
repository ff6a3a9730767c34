/** An image of the store as it is shown. What cannot be read is shown too, with its problems. */
import { z } from "zod";
import { NO_COMMANDS } from "../../contract/schemas/image-commands.ts";
import type { StoredImage } from "../images.ts";
import { commandsOf } from "./commands-of.ts";
import { MANIFEST_FILE, type ImageManifest } from "./image-manifest.ts";

/** An image, and which files it has. */
export interface LookedImage {
  readonly stored: StoredImage;
  readonly files: readonly { readonly id: string; readonly usedBytes: number }[];
}

export function whole(name: string, manifest: ImageManifest): StoredImage {
  const { base, workSeed, oci, config } = manifest;
  return {
    name,
    source: manifest.source,
    distro: manifest.distro,
    arch: manifest.arch,
    kernelRef: manifest.kernelRef,
    init: manifest.init,
    requirements: manifest.requirements,
    checksum: base.checksum,
    bytes: base.storedBytes + (workSeed?.storedBytes ?? 0),
    sharedBytes: 0,
    sharedWith: [],
    base: { bytes: base.bytes, usedBytes: base.storedBytes, format: base.format },
    workSeed: workSeed === null ? null : { bytes: workSeed.bytes, usedBytes: workSeed.storedBytes },
    hasWorkSeed: workSeed !== null,
    env: config.env,
    commands: commandsOf(config),
    reference: oci?.reference ?? null,
    digest: oci?.digest ?? null,
    layers: oci?.layers ?? [],
    createdAt: manifest.createdAt,
    problems: [],
  };
}

export function broken(name: string, problem: string): StoredImage {
  return {
    name,
    source: "unknown",
    distro: null,
    arch: "unknown",
    kernelRef: null,
    init: "agent",
    requirements: [],
    checksum: "",
    bytes: 0,
    sharedBytes: 0,
    sharedWith: [],
    base: null,
    workSeed: null,
    hasWorkSeed: false,
    env: [],
    commands: NO_COMMANDS,
    reference: null,
    digest: null,
    layers: [],
    createdAt: 0,
    problems: [problem],
  };
}

/** Each with what it shares with others, which is what two of them have as one file. */
export function withShares(images: readonly LookedImage[]): readonly StoredImage[] {
  const namesOf = new Map<string, string[]>();
  for (const { stored, files } of images) {
    for (const { id } of files) namesOf.set(id, [...(namesOf.get(id) ?? []), stored.name]);
  }
  return images.map(({ stored, files }) => {
    const shared = files.filter(({ id }) => (namesOf.get(id)?.length ?? 0) > 1);
    const others = new Set(shared.flatMap(({ id }) => namesOf.get(id) ?? []).filter((name) => name !== stored.name));
    return { ...stored, sharedBytes: shared.reduce((sum, { usedBytes }) => sum + usedBytes, 0), sharedWith: [...others].toSorted() };
  });
}

export function explain(error: unknown): string {
  if (error instanceof z.ZodError) return `its ${MANIFEST_FILE} is not valid: ${z.prettifyError(error).replaceAll("\n", " ")}`;
  if (error instanceof SyntaxError) return `its ${MANIFEST_FILE} is not JSON: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}
