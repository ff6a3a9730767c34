/** A `System` whose effects have failpoints. */
import { Duplex, Writable } from "node:stream";
import type { Database } from "../database.ts";
import type { System } from "../system.ts";
import { DATABASE_EFFECTS, FILE_EFFECTS, PROCESS_EFFECTS, ROW_EFFECTS, SOCKET_EFFECTS, type Effect, type Effects } from "./effects.ts";
import type { Failpoints } from "./failpoints.ts";
import { nameSubject } from "./name-subject.ts";

/** Tells that `moment` of an effect is reached: `before`, `files.rename`, `/.../layer.ext4`. */
type Reach = (moment: "before" | "after", member: string, subject: string) => void;
type AnyFunction = (...given: readonly unknown[]) => unknown;
type AnyEffect = Effect<readonly unknown[], "now" | "later">;

export function withFailpoints(system: System, failpoints: Failpoints): System {
  const { roots } = system.layout;
  const reach: Reach = (moment, member, subject) => failpoints.reach(`${moment} ${member} ${nameSubject(subject, roots)}`.trim());
  const databases = wrap("databases", system.databases, DATABASE_EFFECTS, reach);
  return {
    ...system,
    files: wrap("files", system.files, FILE_EFFECTS, reach),
    processes: wrap("processes", system.processes, PROCESS_EFFECTS, reach),
    sockets: wrap("sockets", system.sockets, SOCKET_EFFECTS, reach),
    databases: { ...databases, open: (path, migrations) => wrapDatabase(databases.open(path, migrations), reach) },
  };
}

function wrapDatabase(database: Database, reach: Reach): Database {
  const rows = wrap<Omit<Database, keyof Disposable>>("database", database, ROW_EFFECTS, reach);
  return { ...rows, [Symbol.dispose]: () => database[Symbol.dispose]() };
}

/** The same object, with every effect between two points. */
function wrap<Part extends object>(part: string, real: Part, effects: Effects<Part>, reach: Reach): Part {
  const entries = effects as Readonly<Record<string, "look" | AnyEffect>>;
  const members = Object.entries(real as Readonly<Record<string, unknown>>).map(([name, member]): [string, unknown] => {
    const effect = entries[name];
    if (effect === undefined || effect === "look") return [name, member];
    return [name, between(member as AnyFunction, effect, (moment, subject) => reach(moment, `${part}.${name}`, subject))];
  });
  return Object.fromEntries(members) as Part;
}

function between(
  call: AnyFunction,
  { when, subject }: AnyEffect,
  reach: (moment: "before" | "after", subject: string) => void,
): AnyFunction {
  const start = (given: readonly unknown[]): { readonly about: string; readonly result: unknown } => {
    const about = subject(...given);
    reach("before", about);
    return { about, result: call(...given) };
  };
  const finish = (about: string, result: unknown): unknown => {
    try {
      reach("after", about);
      return result;
    } catch (error) {
      // The caller never gets it, and so cannot let go of it.
      if (result instanceof Duplex || result instanceof Writable) result.destroy();
      throw error;
    }
  };
  if (when === "now") {
    return (...given) => {
      const { about, result } = start(given);
      return finish(about, result);
    };
  }
  return async (...given) => {
    const { about, result } = start(given);
    return finish(about, await result);
  };
}
