/** The forwards of one guest: each is listened for until it is not wanted any more, and asked for again while it cannot be had. */
import { type Forward, isSameForward } from "../contract/schemas/forward.ts";
import type { Clock } from "../system/system.ts";
import type { VmPorts } from "./ports.ts";

/** How soon a port that is taken is asked for again. */
const AGAIN_MS = 2000;

/** Whoever has it may be another by then. */
const TRIES_A_LOOK = 15;
/** How long a guest that is asked to listen is waited for; it may stand still. */
const FIRST_MS = 3000;

/** What listens, for as long as it is held. */
export interface HeldPlace extends AsyncDisposable {
  /** Resolves when it does not listen any more, by itself. */
  readonly ended: Promise<void>;
}

export interface VmPortsParts {
  /** Listens for it. */
  hold(forward: Forward, signal: AbortSignal): Promise<HeldPlace>;
  /** Says what is wrong, and what to do. */
  tell(forward: Forward, error: unknown): string;
  readonly clock: Pick<Clock, "sleep">;
}

export function openVmPorts(wanted: readonly Forward[], parts: VmPortsParts): VmPorts {
  let entries: readonly Entry[] = [];
  const set: VmPorts["set"] = async (next) => {
    const known = entries;
    entries = next.map((forward) => known.find((entry) => isSameForward(entry.forward, forward)) ?? new Entry(forward));
    const fresh = entries.filter((entry) => !known.includes(entry));
    // A place that leads elsewhere from now on has to be left first.
    await Promise.all(
      known.filter((entry) => !next.some((forward) => isSameForward(entry.forward, forward))).map((entry) => entry.leave()),
    );
    await Promise.all(fresh.map((entry) => entry.begin(parts)));
  };
  const tried = set(wanted);
  return {
    tried,
    set,
    get problems() {
      return entries.flatMap(({ problem }) => (problem === undefined ? [] : [problem]));
    },
    [Symbol.asyncDispose]: () => set([]),
  };
}

class Entry {
  readonly forward: Forward;
  problem: string | undefined;
  readonly #over = new AbortController();
  #kept: Promise<void> = Promise.resolve();

  constructor(forward: Forward) {
    this.forward = forward;
  }

  /** Resolves when it was tried once. */
  begin(parts: VmPortsParts): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#kept = this.#keep(parts, resolve);
    if (!this.forward.reverse) return promise;
    const late = parts.clock.sleep(FIRST_MS, this.#over.signal).catch(() => undefined);
    return Promise.race([promise, late]);
  }

  async leave(): Promise<void> {
    this.#over.abort();
    await this.#kept;
  }

  async #keep(parts: VmPortsParts, tried: () => void): Promise<void> {
    const { signal } = this.#over;
    for (let tries = 0; !signal.aborted; tries += 1) {
      try {
        await using held = await parts.hold(this.forward, signal);
        this.problem = undefined;
        tries = 0;
        tried();
        await Promise.race([aborted(signal), held.ended]);
      } catch (error) {
        if (signal.aborted) break;
        // Who has it is looked for in all processes, which takes a while.
        if (this.problem === undefined || tries % TRIES_A_LOOK === 0) this.problem = parts.tell(this.forward, error);
        tried();
      }
      await parts.clock.sleep(AGAIN_MS, signal).catch(() => undefined);
    }
    tried();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  else signal.addEventListener("abort", () => resolve(), { once: true });
  return promise;
}
