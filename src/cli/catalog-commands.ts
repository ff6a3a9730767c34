/** Commands about catalogs: of all at once, and those that need a secret key or the user's own files, and so no daemon. */
import type { VerbField } from "../contract/verb.ts";
import { VERBS } from "../contract/verbs.ts";
import type { Command } from "./command.ts";
import { text } from "./command-fields.ts";

export const CATALOG_COMMANDS: readonly Command[] = [
  {
    ...VERBS["catalog.update"],
    jsonBrief: "one JSON document on stdout; a list of them where several are named, or none",
    fields: VERBS["catalog.update"].fields.map((field) => ({ ...field, required: false, brief: "name of the catalog; all without it" })),
    load: async () => (await import("./commands/catalog-update.ts")).catalogUpdate,
  },
  {
    words: ["catalog", "keygen"],
    aliases: [],
    summary: "Make a key that signs catalogs",
    detail:
      "FILE is the secret key, readable by you alone and without a password; FILE.pub is what you pass on. minisign reads both, and its keys sign here too.",
    fields: [fileOf("where the secret key is to be")],
    positional: ["file"],
    examples: [{ command: "banger catalog keygen acme.key", does: "acme.key and acme.key.pub" }],
    load: async () => (await import("./commands/catalog.ts")).catalogKeygen,
  },
  {
    words: ["catalog", "sign"],
    aliases: [],
    summary: "Sign catalog.json or keys.json",
    detail:
      "Puts the file into the one form that is signed, and writes FILE.minisig beside it. With --valid-for it becomes a new version, issued now. A password comes from the terminal or BANGER_SIGNING_PASSWORD. keys.json may have to be signed by several: each signs in turn, and what others signed stays as long as the file does.",
    fields: [
      fileOf("catalog.json, or keys.json"),
      { ...text("secretKey", "KEY", "file of the secret key", "path"), flag: "secret-key", alias: "s", required: true },
      { ...text("validFor", "DURATION", "make a new version of it that is good for so long, such as 90d", "duration"), flag: "valid-for" },
    ],
    positional: ["file"],
    examples: [
      { command: "banger catalog sign catalog.json --secret-key acme.key --valid-for 90d", does: "a new version, to be published" },
      { command: "banger catalog sign keys.json -s second-root.key", does: "as it is, with one signature more" },
    ],
    load: async () => (await import("./commands/catalog.ts")).catalogSign,
  },
  {
    words: ["catalog", "verify"],
    aliases: [],
    summary: "Check catalog.json or keys.json and its signature",
    detail: "As whoever adds the catalog would: signed by a KEY, in form, and in date. For keys.json a KEY is a root.",
    fields: [
      fileOf("catalog.json, or keys.json"),
      { ...text("key", "KEY", "a key that is believed, RW... or its file; may be repeated", "list"), required: true },
    ],
    positional: ["file"],
    examples: [{ command: "banger catalog verify catalog.json --key acme.key.pub", does: "before it is published" }],
    load: async () => (await import("./commands/catalog.ts")).catalogVerify,
  },
];

function fileOf(brief: string): VerbField {
  return { ...text("file", "FILE", brief, "path"), required: true };
}
