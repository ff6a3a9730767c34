import { z } from "zod";

/** Whose sshd it is that answers in a vm: its image's, or the one that banger carries. */
export const sshServerOf = z.enum(["image", "banger"]);
export type SshServerOf = z.output<typeof sshServerOf>;
