import type { Output } from "../../sdk/sdk.ts";
import { formatAge, formatBytes } from "../format.ts";
import { table } from "../table.ts";

/** `banger system df` */
export async function showUses({ uses, freeBytes }: Output<"system.df">): Promise<string> {
  const left = uses.find(({ kind }) => kind === "leftover")?.count ?? 0;
  const shown = uses.filter(({ kind, count }) => kind !== "leftover" || count > 0);
  const rows = shown.map(({ kind, count, bytes, usedBytes, reclaimableBytes, needs }) => [
    kind,
    String(count),
    formatBytes(bytes),
    formatBytes(usedBytes),
    reclaimableBytes === 0 ? "-" : `${formatBytes(reclaimableBytes)}${needs === null ? "" : ` (--${needs})`}`,
  ]);
  const used = uses.reduce((sum, use) => sum + use.usedBytes, 0);
  return `${await table(["WHAT", "NUMBER", "SIZE", "USED", "RECLAIMABLE"], rows)}\n${formatBytes(used)} are used, ${formatBytes(freeBytes)} are free\n${tellLeftovers(left)}`;
}

/** `banger system prune`: what goes or would go, and what stays all the same. */
export async function showPruned({ dryRun, items, usedBytes, leftovers }: Output<"system.prune">): Promise<string> {
  if (items.length === 0) return `there is nothing to remove\n${tellLeftovers(leftovers)}`;
  const rows = items.map((item) => [
    item.kind,
    item.kind === "operation" ? `${item.name} ended` : item.name,
    formatBytes(item.usedBytes),
    `${formatAge(item.usedAt)} ago`,
    item.kept === null ? "" : `kept: ${item.kept}`,
  ]);
  const sum = `${formatBytes(usedBytes)} ${dryRun ? "would be freed" : "were freed"}\n`;
  return `${await table(["WHAT", "NAME", "USED", "LAST USE", ""], rows)}\n${sum}${tellLeftovers(leftovers)}`;
}

/** They are no use of anything: what they are, and why, the doctor tells. */
function tellLeftovers(count: number): string {
  if (count === 0) return "";
  return `${count} ${count === 1 ? "leftover is" : "leftovers are"} held by nothing; see them: banger doctor; remove them: banger doctor --fix\n`;
}
