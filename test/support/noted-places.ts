/** Which folders a daemon has made by the program mkdir, as it does where it works outside of its own folders: which of them are still there. */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Notes what it makes. */
const MKDIR = String.raw`#!/bin/sh
for path; do :; done
echo "$path" >> "$(dirname "$0")/places"
exec /bin/mkdir "$@"
`;

/** Puts a mkdir that notes into a folder, for the head of a PATH. */
export function notePlaces(folder: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "mkdir"), MKDIR);
  chmodSync(join(folder, "mkdir"), 0o755);
}

/** Those that were noted and are still there. */
export function placesLeft(folder: string): readonly string[] {
  const noted = join(folder, "places");
  return existsSync(noted)
    ? [...new Set(readFileSync(noted, "utf8").split("\n").filter(Boolean))].filter((place) => existsSync(place))
    : [];
}
