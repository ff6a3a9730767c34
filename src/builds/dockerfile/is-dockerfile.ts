/** `Dockerfile`, `Containerfile`, `Dockerfile.web`, `web.dockerfile`: docker's users know them by their names, and no recipe is called so. */
import { basename } from "node:path";

const NAME = /^(?:docker|container)file(?:[._-].*)?$|[._-](?:docker|container)file$/is;

export function isDockerfile(path: string): boolean {
  const name = basename(path);
  return NAME.test(name) && !name.endsWith(".toml");
}
