/**
 * Holds `src/` to the plan in `rooms.ts`: down only, front door only, one room that touches the computer, one place that
 * reads the environment, no long files, no names of roles. Prints each breach with its place; exit code 1 when there is one.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import {
  FORBIDDEN_NAMES,
  LEAVE,
  LONG_ON_PURPOSE,
  MAY_IMPORT_DEEP,
  MAY_READ_ENVIRONMENT,
  MAY_TOUCH,
  MOST_LINES,
  PUBLIC,
  SEES,
  TEST_SUPPORT,
  TOUCHES,
} from "./rooms.ts";
import { type Use, usesOf } from "./uses-of.ts";

/** The breaches of one file. `path` is below `src`: `vms/plan.ts`. */
export function checkFile(path: string, text: string): readonly string[] {
  if (path.endsWith(".d.ts")) return [];
  const [room = "", ...rest] = path.split("/");
  if (rest.length === 0 || SEES[room] === undefined) return [`src/${path}: is in no room that tools/rooms.ts knows`];
  const lines = path.endsWith(".test.ts") ? 0 : text.split("\n").length - 1;
  return [
    ...path.split("/").flatMap((part) => (FORBIDDEN_NAMES.test(`${part}.`) ? [`src/${path}: ${part} names a role, not a thing`] : [])),
    ...(lines > MOST_LINES && !LONG_ON_PURPOSE.test(text)
      ? [`src/${path}: has ${lines} lines; more than ${MOST_LINES} need a reason`]
      : []),
    ...usesOf(path, text).flatMap((use) => {
      const why = breachOf(path, room, use);
      return why === undefined ? [] : [`src/${path}:${use.line}: ${why}`];
    }),
  ];
}

/** Why a use is not allowed; undefined when it is. */
function breachOf(path: string, room: string, use: Use): string | undefined {
  const isOneOf = (patterns: readonly RegExp[]): boolean => patterns.some((pattern) => pattern.test(path));
  switch (use.kind) {
    case "syntax":
      return use.what;
    case "dynamic":
      return `${use.what} cannot be checked; name the file`;
    case "environment":
      return isOneOf(MAY_READ_ENVIRONMENT) ? undefined : `${use.what}: only daemon/config.ts and cli/main.ts read the environment`;
    case "computer":
      return isOneOf(MAY_TOUCH) ? undefined : `${use.what}: only system touches the computer`;
    case "import":
      if (use.what.startsWith(".")) return breachOfImport(path, room, posix.join(posix.dirname(path), use.what));
      return TOUCHES.test(use.what) && !isOneOf(MAY_TOUCH) ? `${use.what}: only system touches the computer` : undefined;
  }
}

/** Why `path` in `room` may not import `target`, both below `src`. */
function breachOfImport(path: string, room: string, target: string): string | undefined {
  const [targetRoom = "", ...inside] = target.split("/");
  const isTest = (file: string): boolean => TEST_SUPPORT.some((pattern) => pattern.test(file));
  if (isTest(target) && !isTest(path)) return `${target} is for tests alone`;
  // What was built is not a room: the embedded agent.
  if (targetRoom === room || targetRoom === "..") return undefined;
  if (LEAVE.some(({ from, to }) => from === path && to.test(target))) return undefined;
  if (SEES[room]?.includes(targetRoom) !== true) return `${room} may not see ${targetRoom}`;
  const file = inside.join("/");
  const isPublic = file === `${targetRoom}.ts` || PUBLIC[targetRoom]?.test(file) === true;
  if (isPublic || MAY_IMPORT_DEEP.some((pattern) => pattern.test(path))) return undefined;
  return `${target} is inside ${targetRoom}; its door is ${targetRoom}/${targetRoom}.ts`;
}

if (import.meta.main) {
  const top = join(import.meta.dir, "../src");
  const files = readdirSync(top, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".ts"));
  const breaches = files.sort().flatMap((path) => checkFile(path, readFileSync(join(top, path), "utf8")));
  console.log([...breaches, `rooms: ${files.length} files, ${breaches.length} breaches`].join("\n"));
  process.exitCode = breaches.length === 0 ? 0 : 1;
}
