import { z } from "zod";
import { defineOperation } from "../operation.ts";

/** What OpenSSH's client is told of, for every vm. */
export const sshPlaces = defineOperation({
  name: "ssh.places",
  kind: "change",
  summary: "Say where the key and the known hosts of SSH are, and make the key",
  method: "POST",
  path: "/v1/ssh",
  input: z.strictObject({}),
  output: z.strictObject({
    /** The path of the private key. */
    identityFile: z.string(),
    knownHostsFile: z.string(),
  }),
  stages: [],
  errors: ["program_missing", "program_failed", "bad_ssh_key", "ssh_key_missing"],
  fields: {},
  cli: { words: ["ssh-config"], composed: true },
  examples: [{ command: "banger ssh-config", does: "have plain ssh dev.banger work" }],
});
