/** A `System` whose effects have failpoints. */
import { Duplex, Writable } from "node:stream";
import type { Database } from "../database.ts";
import type { OpenDescriptor, Processes, System } from "../system.ts";
import { DATABASE_EFFECTS, FILE_EFFECTS, PROCESS_EFFECTS, ROW_EFFECTS, SOCKET_EFFECTS, type Effect, type Effects } from "./effects.ts";
import type { Failpoints } from "./failpoints.ts";
import { nameSubject } from "./name-subject.ts";

/** Tells that `moment` of an effect is reached: `before`, `files.rename`, `/.../layer.ext4`. */
type Reach = (moment: "before" | "after", member: string, subject: string) => void;
type AnyFunction = (...given: readonly unknown[]) => unknown;
type Detached = Awaited<ReturnType<Processes["startDetached"]>>;
type AnyEffect = Effect<readonly unknown[], "now" | "later">;

export function withFailpoints(system: System, failpoints: Failpoints): System {
  const { roots } = system.layout;
  const reach: Reach = (moment, member, subject) => failpoints.reach(`${moment} ${member} ${nameSubject(subject, roots)}`.trim());
  const wrap = makeWrap(reach);
  const databases = wrap("databases", system.databases, DATABASE_EFFECTS);
  return {
    ...system,
    files: wrap("files", system.files, FILE_EFFECTS),
    processes: wrap("processes", system.processes, PROCESS_EFFECTS),
    sockets: wrap("sockets", system.sockets, SOCKET_EFFECTS),
    databases: { ...databases, open: (path, migrations) => wrapDatabase(databases.open(path, migrations), wrap) },
  };
}

type Wrap = <Part extends object>(part: string, real: Part, effects: Effects<Part>) => Part;

function wrapDatabase(database: Database, wrap: Wrap): Database {
  const rows = wrap<Omit<Database, keyof Disposable>>("database", database, ROW_EFFECTS);
  return { ...rows, [Symbol.dispose]: () => database[Symbol.dispose]() };
}

/** Makes the same object, with every effect between two points. */
function makeWrap(reach: Reach): Wrap {
  return <Part extends object>(part: string, real: Part, effects: Effects<Part>): Part => {
    const entries = effects as Readonly<Record<string, "look" | AnyEffect>>;
    const members = Object.entries(real as Readonly<Record<string, unknown>>).map(([name, member]): [string, unknown] => {
      const effect = entries[name];
      if (effect === undefined || effect === "look") return [name, member];
      return [name, between(member as AnyFunction, effect, (moment, subject) => reach(moment, `${part}.${name}`, subject))];
    });
    return Object.fromEntries(members) as Part;
  };
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
  if (when === "now") {
    return (...given) => {
      const { about, result } = start(given);
      try {
        reach("after", about);
        return result;
      } catch (error) {
        // A stream opens its file later on, and fails by an event: thrown here, the caller would clear up before there is a file.
        if (result instanceof Writable) return result.destroy(error instanceof Error ? error : undefined);
        void letGo(result);
        throw error;
      }
    };
  }
  return async (...given) => {
    const { about, result } = start(given);
    const made = await result;
    try {
      reach("after", about);
      return made;
    } catch (error) {
      await letGo(made);
      throw error;
    }
  };
}

/** Ends what an effect made: its caller never gets it, and so cannot. */
async function letGo(made: unknown): Promise<void> {
  if (typeof made !== "object" || made === null) return;
  if (made instanceof Duplex || made instanceof Writable) made.destroy();
  else if (Symbol.dispose in made) (made as Disposable)[Symbol.dispose]();
  else if (Symbol.asyncDispose in made) await (made as AsyncDisposable)[Symbol.asyncDispose]();
  else if ("descriptor" in made) (made as OpenDescriptor).close();
  else if ("identity" in made) await end(made as Detached);
}

/** With what it has started itself: a program that outlives us leads a group of its own. */
async function end({ identity, ended }: Detached): Promise<void> {
  try {
    process.kill(-identity.pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error) || error.code !== "ESRCH") throw error;
  }
  await ended;
}
