/** One look at the computer, for `banger doctor`: the words by which each room tells what it needs. */

export type FindingStatus = "fine" | "not used" | "missing";

export interface ProbeAnswer {
  /** `not used`: it is not there or not in order, and nothing needs it. `missing`: something that banger does will fail, or be worse. */
  readonly status: FindingStatus;
  /** What was found, in a few words. */
  readonly detail: string;
  /** What to type. */
  readonly hint?: string;
}

export interface Probe {
  readonly name: string;
  /** Milliseconds, after which it counts as missing. */
  readonly deadlineMs: number;
  /** Changes nothing. What it throws counts as missing. */
  look(signal: AbortSignal): Promise<ProbeAnswer>;
}
