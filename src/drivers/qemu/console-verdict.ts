/** What the end of a console log says about how the guest ended. The guest writes it, so it may lie, but only about itself. */
export type ConsoleVerdict =
  | { readonly kind: "power-off" }
  | { readonly kind: "reset" }
  | { readonly kind: "panic"; readonly detail: string }
  | { readonly kind: "nothing" };

/**
 * `banger-agent: power off` is the guest agent's last word as PID 1. Without ACPI a guest cannot switch off: the agent restarts it
 * instead, and a VMM that follows no restart ends.
 */
const LAST_WORDS =
  /Kernel panic - not syncing: (?<panic>[^\r\n]*)|(?<off>reboot: (?:Power down|System halted)|banger-agent: power off)|(?<reset>reboot: Restarting system)/g;
const MAX_DETAIL = 200;

/** The last words decide; earlier ones may be of an earlier start. Only printable ASCII gets into the detail. */
export function consoleVerdict(tail: string): ConsoleVerdict {
  const [last, before] = [...tail.matchAll(LAST_WORDS)].map(({ groups }) => groups).reverse();
  if (last === undefined) return { kind: "nothing" };
  if (last["off"] !== undefined) return { kind: "power-off" };
  if (last["reset"] !== undefined) return { kind: before?.["off"] === "banger-agent: power off" ? "power-off" : "reset" };
  return { kind: "panic", detail: (last["panic"] ?? "").replace(/[^ -~]/g, "?").slice(0, MAX_DETAIL) };
}
