import { posix } from "node:path";
import type { ImageCommands } from "../../contract/schemas/image-commands.ts";
import type { RunConfig } from "./image-manifest.ts";

/** What an image says of its commands, with a working folder that is absolute and leads nowhere but down: a relative one begins at the root. */
export function commandsOf({ user, workingDir, entrypoint, cmd }: RunConfig): ImageCommands {
  const folder = posix.resolve("/", workingDir);
  return { user, workingDir: workingDir === "" ? "" : folder, entrypoint, cmd };
}
