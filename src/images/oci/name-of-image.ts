const MAX_CHARACTERS = 128;

/**
 * What an image is called here when nobody says: `debian-bookworm` of `debian:bookworm`, `web` of `ghcr.io/acme/web:latest`.
 * @param text a reference that has parsed, or will be refused.
 */
export function nameOfImage(text: string): string {
  const [named = "", digest] = text.split("@");
  const last = named.replace(/^docker-archive:([^:]*\/)?([^:/]*?)(?:\.tar)?(?=:|$)/, "$2").replace(/^oci:(?!\/\/)/, "");
  const [, path = "", tag] = /([^/:]+)(?::([^/:]+))?$/.exec(last) ?? [];
  const behind =
    tag !== undefined && tag !== "latest" ? `-${tag}` : tag === undefined && digest !== undefined ? `-${digest.slice(7, 19)}` : "";
  const plain = `${path}${behind}`
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]/g, "-")
    .slice(0, MAX_CHARACTERS);
  const trimmed = plain.replace(/^[^a-z0-9]+/, "").replace(/[^a-z0-9]+$/, "");
  return trimmed === "" ? "image" : trimmed;
}
