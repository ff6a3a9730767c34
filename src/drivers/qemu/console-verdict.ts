/** What the end of a console log says about how the guest ended. The guest writes it, so it may lie, but only about itself. */
export type ConsoleVerdict =
  | { readonly kind: "power-off" }
  | { readonly kind: "reset" }
  | { readonly kind: "panic"; readonly detail: string }
  | { readonly kind: "failed"; readonly detail: string }
  | { readonly kind: "nothing" };

/**
 * `banger-agent: power off` is the last word of our init in a guest, and `failed: WHY` when it could not go on. Without ACPI a guest
 * cannot switch off: it restarts instead, and so it does when it failed; a VMM that follows no restart ends.
 */
const LAST_WORDS =
  /Kernel panic - not syncing: (?<panic>[^\r\n]*)|banger-agent: failed: (?<failed>[^\r\n]*)|(?<off>reboot: (?:Power down|System halted)|banger-agent: power off)|(?<reset>reboot: Restarting system)/g;
const MAX_DETAIL = 200;

/** The last words decide; earlier ones may be of something that was thought better of. Only printable ASCII gets into the detail. */
export function consoleVerdict(tail: string): ConsoleVerdict {
  const [last, before] = [...tail.matchAll(LAST_WORDS)].map(({ groups }) => groups).reverse();
  if (last === undefined) return { kind: "nothing" };
  if (last["off"] !== undefined) return { kind: "power-off" };
  if (last["reset"] !== undefined) {
    if (before?.["failed"] !== undefined) return { kind: "failed", detail: plain(before["failed"]) };
    return { kind: before?.["off"] === "banger-agent: power off" ? "power-off" : "reset" };
  }
  if (last["failed"] !== undefined) return { kind: "failed", detail: plain(last["failed"]) };
  return { kind: "panic", detail: plain(last["panic"] ?? "") };
}

function plain(words: string): string {
  return words.replace(/[^ -~]/g, "?").slice(0, MAX_DETAIL);
}
