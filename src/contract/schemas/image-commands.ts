/** What an image says of how its commands are to be run; what is empty, nobody has said. */
import { z } from "zod";

export const imageCommands = z.strictObject({
  /** A name or a number, as `user` or `user:group`. */
  user: z.string(),
  /** Absolute. */
  workingDir: z.string(),
  /** What the command is given to as arguments. */
  entrypoint: z.array(z.string()),
  /** What is run when nobody names a command. */
  cmd: z.array(z.string()),
});
export type ImageCommands = z.output<typeof imageCommands>;

export const NO_COMMANDS: ImageCommands = { user: "", workingDir: "", entrypoint: [], cmd: [] };
