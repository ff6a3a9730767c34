/** What gpgv and sqv, each on its own, say of an InRelease and a keyring. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { System } from "../../src/system/system.ts";

/** gpgv also ends with 0 where a key is expired or revoked, and says so in its status lines alone: that is `warns`. */
export type GpgvSays = "accepts" | "warns" | "refuses";
/** sqv takes text and signature apart; a file that apt would not take apart for it is one that it `is not asked` about. */
export type SqvSays = "accepts" | "refuses" | "is not asked";

const LIMITS = { timeoutMs: 30_000 };

export async function askGpgv(system: System, signed: Uint8Array, keyring: string, folder: string): Promise<GpgvSays> {
  const path = join(folder, "asked-of-gpgv");
  writeFileSync(path, signed);
  const { code, stdout } = await system.processes.run(["gpgv", "--status-fd", "1", "--keyring", keyring, path], LIMITS);
  if (code !== 0) return "refuses";
  return /^\[GNUPG:\] GOODSIG /m.test(stdout) ? "accepts" : "warns";
}

export async function askSqv(system: System, signed: Uint8Array, keyring: string, folder: string): Promise<SqvSays> {
  const parts = splitAsApt(Buffer.from(signed).toString("latin1"));
  if (parts === undefined) return "is not asked";
  const [text, signature] = [join(folder, "asked-of-sqv"), join(folder, "asked-of-sqv.sig")];
  writeFileSync(text, parts.text, "latin1");
  writeFileSync(signature, parts.signature, "latin1");
  const { code } = await system.processes.run(["sqv", "--keyring", keyring, signature, text], LIMITS);
  return code === 0 ? "accepts" : "refuses";
}

/**
 * As `SplitClearSignedFile` of apt does it, which asks sqv: blanks at ends of lines go, dashes are unescaped, the last line of the
 * text has no end. Undefined for what it refuses.
 */
function splitAsApt(signed: string): { readonly text: string; readonly signature: string } | undefined {
  const lines = signed
    .replace(/\n$/, "")
    .split("\n")
    .map((line) => line.replace(/[ \t\r\n\v\f]+$/, ""));
  const blank = lines.indexOf("");
  const end = lines.indexOf("-----BEGIN PGP SIGNATURE-----");
  if (lines[0] !== "-----BEGIN PGP SIGNED MESSAGE-----" || blank < 0 || end < blank) return undefined;
  if (lines.at(-1) !== "-----END PGP SIGNATURE-----" || lines.indexOf("-----END PGP SIGNATURE-----") !== lines.length - 1) return undefined;
  const text = lines.slice(blank + 1, end);
  if (text.some((line) => line.startsWith("-") && !line.startsWith("- "))) return undefined;
  return { text: text.map((line) => line.replace(/^- /, "")).join("\n"), signature: `${lines.slice(end).join("\n")}\n` };
}
