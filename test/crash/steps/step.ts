/** What is done to a vm or to goods while the daemon dies, fails or waits. */
import type { CrashWorld } from "../crash-world.ts";

/** How the thing is that a step is about. `changed`: as the step wants it. */
export type Target = "absent" | "there" | "stopped" | "running" | "paused" | "broken" | "changed";

export interface Step {
  readonly name: string;
  /** Brings the thing into the state `before`, from `absent`. */
  prepare(crash: CrashWorld): Promise<void>;
  /** What else there is to do once all is in order, after which nothing is asked of a daemon before the words. */
  atLast?(crash: CrashWorld): Promise<void>;
  readonly words: (crash: CrashWorld) => readonly string[];
  readonly before: Target;
  /** When the command said that it was done. */
  readonly done: Target;
  /** What else it may be when the command was cut off, besides `before` and `done`. */
  readonly between?: readonly Target[];
  look(crash: CrashWorld): Target;
  /** The daemon does nothing outside of itself for it: there is no point at which it could be cut off. */
  readonly isPassedOn?: boolean;
  /** Back to `absent`. */
  reset(crash: CrashWorld): Promise<void>;
}

export const NAME = "target";
export const OTHER_NAME = "renamed";
/** A kernel and an image. */
export const LITTLE = "little";
