/** What a bundle is published as: by its content, so no cache can serve an old one. @param sha256 64 hex digits. */
export function bundleFileName({ name, arch, sha256 }: Readonly<Record<"name" | "arch" | "sha256", string>>): string {
  return `${name}-${arch}-${sha256.slice(0, 16)}.tar.zst`;
}
