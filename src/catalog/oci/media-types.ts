/** What the documents and blobs of images are called, by the OCI specification and by docker before it. */

export const INDEX_TYPES = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
] as const;
export const MANIFEST_TYPES = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
] as const;
export const CONFIG_TYPES: readonly string[] = [
  "application/vnd.oci.image.config.v1+json",
  "application/vnd.docker.container.image.v1+json",
];

/** Ours: the one layer of an artifact is a bundle. */
export const BUNDLE_TYPES = {
  kernel: "application/vnd.banger.kernel.bundle.v1",
  image: "application/vnd.banger.image.bundle.v1",
} as const;

/** Of the layer in it. */
export function bundleLayerType(type: keyof typeof BUNDLE_TYPES): string {
  return `${BUNDLE_TYPES[type]}.tar+zstd`;
}

export function isIndexType(type: string | undefined): boolean {
  return INDEX_TYPES.some((each) => each === type);
}

export function isManifestType(type: string | undefined): boolean {
  return MANIFEST_TYPES.some((each) => each === type);
}

/** Docker's form before 2016, which nothing in it verifies. */
export function isSchema1Type(type: string | undefined): boolean {
  return type !== undefined && /^application\/vnd\.docker\.distribution\.manifest\.v1\+(?:json|prettyjws)$/.test(type);
}

export type LayerCompression = "none" | "gzip" | "zstd";

const LAYER =
  /^application\/vnd\.oci\.image\.layer\.v1\.tar(?:\+(gzip|zstd))?$|^application\/vnd\.docker\.image\.rootfs\.diff\.tar(?:\.(gzip|zstd))?$/;

/** How a layer is compressed; why it cannot be used, when it cannot. */
export function readLayerType(type: string): { readonly compression: LayerCompression } | { readonly why: string } {
  const match = LAYER.exec(type);
  if (match !== null)
    return { compression: match[1] === "gzip" || match[2] === "gzip" ? "gzip" : (match[1] ?? match[2]) === "zstd" ? "zstd" : "none" };
  if (/\+encrypted$/.test(type)) return { why: "it is encrypted" };
  if (/nondistributable|\.foreign\./.test(type)) return { why: "it is one that registries do not have (a foreign layer)" };
  return { why: `it is of a kind that banger does not know: ${JSON.stringify(type.slice(0, 128))}` };
}
