import { resolve } from "node:path";
import { EXIT } from "../../contract/errors.ts";
import type { DocumentSummary } from "../../contract/local-work.ts";
import { escapeText } from "../../contract/escape-text.ts";
import { PUBLIC_KEY_LINE } from "../../contract/public-key-line.ts";
import { parseDuration } from "../../contract/sizes.ts";
import { jsonLine } from "../../contract/json-line.ts";
import { askPassword } from "../ask-password.ts";
import type { Invocation, Run } from "../command.ts";
import type { Environment } from "../environment.ts";
import { print } from "../print.ts";

/** `banger catalog keygen FILE` */
export const catalogKeygen: Run = async (invocation, environment) => {
  const made = await (await environment.openLocalWork()).makeKey(String(invocation.given["file"]));
  const lines = [
    `made ${escapeText(made.secretPath)}, which signs, and ${escapeText(made.publicPath)}`,
    `the key to pass on: ${made.publicKey}`,
  ];
  return say(lines, made, invocation, environment);
};

/** `banger catalog sign FILE` */
export const catalogSign: Run = async (invocation, environment) => {
  const { file, secretKey, validFor } = invocation.given as { file: string; secretKey: string; validFor?: string };
  const work = await environment.openLocalWork();
  const signed = await work.signDocument({
    path: file,
    secretKeyPath: secretKey,
    validForMs: validFor === undefined ? undefined : parseDuration(validFor),
    askPassword: () => askPassword("password of the signing key: ", environment),
  });
  const lines = [`signed ${wordsOf(signed)} with key ${signed.keyId}`, `the signature: ${escapeText(signed.signaturePath)}`];
  return say(lines, signed, invocation, environment);
};

/** `banger catalog verify FILE` */
export const catalogVerify: Run = async (invocation, environment) => {
  const { file, key } = invocation.given as { file: string; key: readonly string[] };
  // Anything else is the file of one.
  const keys = key.map((word) => (PUBLIC_KEY_LINE.test(word) ? word : resolve(word)));
  const verified = await (await environment.openLocalWork()).verifyDocument({ path: file, keys });
  return say([`good: ${wordsOf(verified)}, signed by ${verified.signedBy.join(" and ")}`], verified, invocation, environment);
};

function wordsOf({ document, name, version, expires, entries }: DocumentSummary): string {
  const count = entries === null ? "" : `, ${entries} ${entries === 1 ? "entry" : "entries"}`;
  return `${document} of ${name}, version ${version}${count}, good until ${expires}`;
}

function say(lines: readonly string[], document: unknown, { json }: Invocation, { stdout }: Environment): number {
  print(stdout.descriptor, json ? jsonLine(document) : `${lines.join("\n")}\n`);
  return EXIT.done;
}
