import type { DoctorReport } from "../../contract/schemas/finding.ts";
import { escapeText } from "../../contract/escape-text.ts";
import { table } from "../table.ts";

/** `banger doctor` */
export async function showReport({ findings, leftovers, fine }: DoctorReport): Promise<string> {
  const rows = findings.map(({ name, status, detail }) => [name, status, detail]);
  const missing = findings.filter(({ status }) => status === "missing");
  const hints = findings.filter(({ hint }) => hint !== null).map(({ name, hint }) => `  ${escapeText(name)}: ${escapeText(hint ?? "")}\n`);
  const left = leftovers.map(({ kind, what, why, removed }) => [kind, what, removed ? "removed" : why]);
  return [
    await table(["NAME", "", "WHAT WAS FOUND"], rows),
    ...(left.length === 0 ? [] : [`\n${await table(["LEFTOVER", "WHICH", "WHY"], left)}`]),
    ...(hints.length === 0 ? [] : [`\nwhat to type:\n${hints.join("")}`]),
    fine ? "\nnothing is missing\n" : `\nmissing: ${missing.map(({ name }) => escapeText(name)).join(", ")}\n`,
  ].join("");
}
