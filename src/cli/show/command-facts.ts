import type { ImageCommands } from "../../contract/schemas/image-commands.ts";
import { shellWord } from "../shell-word.ts";

/** What an image says of commands, each as a line; what it does not say is left out. */
export function commandFacts({ user, workingDir, entrypoint, cmd }: ImageCommands): readonly (readonly [string, string])[] {
  const facts: readonly (readonly [string, string])[] = [
    ["user", user],
    ["folder", workingDir],
    ["entrypoint", entrypoint.map(shellWord).join(" ")],
    ["command", cmd.map(shellWord).join(" ")],
  ];
  return facts.filter(([, value]) => value !== "");
}
