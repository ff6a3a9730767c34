/** The forwards of one guest: each is listened for until it is not wanted any more, and asked for again while it cannot be had. */
import { formatPlace, type Forward, isSamePlace } from "../contract/schemas/forward.ts";
import type { Clock, Listener } from "../system/system.ts";
import type { TakenForward, VmPorts } from "./ports.ts";

/** How soon a port that is taken is asked for again. */
const AGAIN_MS = 2000;

export interface VmPortsParts {
  /** Listens for it. Rejects with errno. */
  hold(forward: Forward): Promise<Listener>;
  /** Says why not. */
  tell(forward: Forward, error: unknown): TakenForward;
  readonly clock: Pick<Clock, "sleep">;
}

export function openVmPorts(wanted: readonly Forward[], parts: VmPortsParts): VmPorts {
  let entries: readonly Entry[] = [];
  const set: VmPorts["set"] = async (next) => {
    const known = entries;
    entries = next.map((forward) => known.find((entry) => isSame(entry.forward, forward)) ?? new Entry(forward));
    const fresh = entries.filter((entry) => !known.includes(entry));
    // A place that leads elsewhere from now on has to be left first.
    await Promise.all(known.filter((entry) => !next.some((forward) => isSame(entry.forward, forward))).map((entry) => entry.leave()));
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

function isSame(one: Forward, other: Forward): boolean {
  return isSamePlace(one, other) && one.guestPort === other.guestPort;
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
    return promise;
  }

  async leave(): Promise<void> {
    this.#over.abort();
    await this.#kept;
  }

  async #keep(parts: VmPortsParts, tried: () => void): Promise<void> {
    const { signal } = this.#over;
    while (!signal.aborted) {
      try {
        await using _listener = await parts.hold(this.forward);
        this.problem = undefined;
        tried();
        await aborted(signal);
      } catch (error) {
        const { why, hint } = parts.tell(this.forward, error);
        this.problem = `cannot listen on ${formatPlace(this.forward)}: ${why}; try ${hint}`;
        tried();
        await parts.clock.sleep(AGAIN_MS, signal).catch(() => undefined);
      }
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
