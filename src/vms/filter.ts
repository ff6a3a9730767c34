/** Which vms a list shows. Pure. */
import type { VmFilter } from "../contract/schemas/filters.ts";
import type { Vm } from "../contract/schemas/vm.ts";

type Filtered = Pick<Vm, "name" | "state" | "image" | "labels">;

/** Filters of one kind are alternatives; kinds must all hold, and so must every label. */
export function isWanted(vm: Filtered, filters: readonly VmFilter[]): boolean {
  return filters.every((filter) => {
    if (filter.by === "label") return holds(vm, filter);
    return filters.some((other) => other.by === filter.by && holds(vm, other));
  });
}

function holds(vm: Filtered, filter: VmFilter): boolean {
  switch (filter.by) {
    case "state":
      return vm.state === filter.state;
    case "name":
      return matchesPattern(vm.name, filter.pattern);
    case "image":
      return vm.image === filter.image;
    case "label":
      return Object.hasOwn(vm.labels, filter.key) && (filter.value === undefined || vm.labels[filter.key] === filter.value);
  }
}

/** `*` is any text, `?` one character. In time of text times pattern at worst, whatever the pattern. */
export function matchesPattern(text: string, pattern: string): boolean {
  let [at, next] = [0, 0];
  /** After the last `*`, and where its text ends so far. */
  let star: { readonly next: number; at: number } | undefined;
  while (at < text.length) {
    if (pattern[next] === "*") {
      star = { next: next + 1, at };
      next += 1;
    } else if (next < pattern.length && (pattern[next] === "?" || pattern[next] === text[at])) {
      at += 1;
      next += 1;
    } else if (star === undefined) {
      return false;
    } else {
      star.at += 1;
      at = star.at;
      next = star.next;
    }
  }
  return /^\**$/.test(pattern.slice(next));
}
