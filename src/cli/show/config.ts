import type { Output } from "../../sdk/sdk.ts";
import { escapeText } from "../../contract/escape-text.ts";
import { table } from "../table.ts";

/** `banger config show` */
export async function showConfig({ path, exists, changedSince, entries }: Output<"config.show">): Promise<string> {
  const rows = entries.map(({ key, value, source, line }) => [
    key,
    value === null ? "-" : Array.isArray(value) ? value.join(", ") : value,
    source === "file" ? (line === null ? "file" : `line ${line}`) : "default",
  ]);
  const where = `config: ${escapeText(path)}${exists ? "" : changedSince ? " (there was none when the daemon started)" : " (there is none)"}\n`;
  const stale = changedSince
    ? "note: the file was changed since the daemon started; banger daemon stop, and the next command takes it\n"
    : "";
  return `${await table(["KEY", "VALUE", "FROM"], rows)}\n${where}${stale}`;
}
