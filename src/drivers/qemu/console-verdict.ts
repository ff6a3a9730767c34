/** What the end of a console log says about how the guest ended. The guest writes it, so it may lie, but only about itself. */
export type ConsoleVerdict =
  | { readonly kind: "power-off" }
  | { readonly kind: "reset" }
  | { readonly kind: "panic"; readonly detail: string }
  | { readonly kind: "nothing" };

const LAST_WORDS =
  /Kernel panic - not syncing: (?<panic>[^\r\n]*)|reboot: (?:(?<off>Power down|System halted)|(?<reset>Restarting system))/g;
const MAX_DETAIL = 200;

/** The kernel's last words decide; earlier ones may be of an earlier start. Only printable ASCII gets into the detail. */
export function consoleVerdict(tail: string): ConsoleVerdict {
  const last = [...tail.matchAll(LAST_WORDS)].at(-1)?.groups;
  if (last === undefined) return { kind: "nothing" };
  if (last["off"] !== undefined) return { kind: "power-off" };
  if (last["reset"] !== undefined) return { kind: "reset" };
  return { kind: "panic", detail: (last["panic"] ?? "").replace(/[^ -~]/g, "?").slice(0, MAX_DETAIL) };
}
