import type { Roots } from "../../contract/roots.ts";

/** What an effect is about, the same in every run: roots by their names, no ids, no digests, no counters. Pure. */
export function nameSubject(subject: string, roots: Roots): string {
  const root = Object.entries<string>({ ...roots })
    .filter(([, folder]) => subject === folder || subject.startsWith(`${folder}/`))
    // Roots may lie in one another: the innermost names it.
    .toSorted(([, a], [, b]) => b.length - a.length)[0];
  const text = root === undefined ? subject : `${root[0]}${subject.slice(root[1].length)}`;
  return text
    .replaceAll(/[0-9a-f]{12,}/g, "ID")
    .replaceAll(/\d{4,}/g, "N")
    .trim();
}
