/**
 * The moves of a vm: one pure table, total in both directions.
 *
 * `decide` says what a command does in a state: go to another state, join what already happens (or already is), or refuse with
 * the reason. `settle` says where an event leads. Nothing leaves `deleting`, `running` is entered only by `booted` and
 * `resumed`, and every state has a way to `deleting`.
 */
import type { VmState } from "../contract/schemas/vm.ts";

export type Command = "start" | "stop" | "kill" | "pause" | "resume" | "delete";

/** What a person may ask for instead, to be read after "banger vm". */
export type Verb = "show" | "start" | "stop" | "resume" | "delete --force";

/** What happened to a vm, as opposed to what somebody asked for. */
export type VmEvent = "prepared" | "booted" | "paused" | "resumed" | "halted" | "failed";

export type Decision =
  | { readonly kind: "go"; readonly to: VmState }
  /** It is already so, or on the way: wait for that and answer the same. */
  | { readonly kind: "join" }
  /** Why not, to be read after "vm NAME"; and what to ask for instead, in this order. */
  | ({ readonly kind: "refuse" } & Refusal);

export interface Refusal {
  readonly why: string;
  readonly instead: readonly Verb[];
}

/** What `command` does to a vm in `state`. */
export function decide(state: VmState, command: Command): Decision {
  switch (command) {
    case "start":
      return decideStart(state);
    case "stop":
    case "kill":
      return decideStop(state);
    case "pause":
      return decidePause(state);
    case "resume":
      return decideResume(state);
    case "delete":
      return decideDelete(state);
  }
}

function decideStart(state: VmState): Decision {
  switch (state) {
    case "stopped":
    case "broken":
      return { kind: "go", to: "starting" };
    case "starting":
    case "running":
      return { kind: "join" };
    case "paused":
      return { kind: "refuse", why: "is paused", instead: ["resume"] };
    case "stopping":
      return { kind: "refuse", why: "is being stopped", instead: ["stop", "start"] };
    case "preparing":
      return { kind: "refuse", why: "is still being made", instead: [] };
    case "deleting":
      return { kind: "refuse", why: "is being deleted", instead: [] };
  }
}

function decideStop(state: VmState): Decision {
  switch (state) {
    case "starting":
    case "running":
    case "paused":
    case "broken":
      return { kind: "go", to: "stopping" };
    case "stopping":
    case "stopped":
      return { kind: "join" };
    case "preparing":
      return { kind: "refuse", why: "is still being made", instead: [] };
    case "deleting":
      return { kind: "refuse", why: "is being deleted", instead: [] };
  }
}

function decidePause(state: VmState): Decision {
  switch (state) {
    case "running":
      return { kind: "go", to: "paused" };
    case "paused":
      return { kind: "join" };
    case "preparing":
    case "stopped":
    case "starting":
    case "stopping":
    case "broken":
    case "deleting":
      return { kind: "refuse", why: `is not running, but ${state}`, instead: [] };
  }
}

function decideResume(state: VmState): Decision {
  switch (state) {
    case "paused":
      return { kind: "go", to: "running" };
    case "running":
      return { kind: "join" };
    case "stopped":
    case "broken":
      return { kind: "refuse", why: `is not paused, but ${state}`, instead: ["start"] };
    case "preparing":
    case "starting":
    case "stopping":
    case "deleting":
      return { kind: "refuse", why: `is not paused, but ${state}`, instead: [] };
  }
}

function decideDelete(state: VmState): Decision {
  switch (state) {
    case "stopped":
    case "broken":
      return { kind: "go", to: "deleting" };
    case "deleting":
      return { kind: "join" };
    case "starting":
    case "running":
    case "paused":
      return { kind: "refuse", why: `is ${state}`, instead: ["delete --force"] };
    case "stopping":
      return { kind: "refuse", why: "is being stopped", instead: ["delete --force"] };
    case "preparing":
      return { kind: "refuse", why: "is still being made", instead: [] };
  }
}

/** Whether a vm is in this state only while something is done to it. */
export function isBetween(state: VmState): boolean {
  return state === "preparing" || state === "starting" || state === "stopping" || state === "deleting";
}

/** Why a vm cannot be changed in `state`, and what to type; undefined when it can. A change moves nothing. */
export function refuseChange(state: VmState): Refusal | undefined {
  switch (state) {
    case "stopped":
    case "running":
    case "paused":
    case "broken":
      return undefined;
    case "starting":
      return { why: "is being started: try again in a moment", instead: [] };
    case "stopping":
      return { why: "is being stopped: try again in a moment", instead: [] };
    case "preparing":
      return { why: "is still being made", instead: [] };
    case "deleting":
      return { why: "is being deleted", instead: [] };
  }
}

/** Where `event` leads from `state`; undefined when it cannot happen there, which is a bug of the caller's. */
export function settle(state: VmState, event: VmEvent): VmState | undefined {
  if (state === "deleting") return undefined;
  switch (event) {
    case "prepared":
      return state === "preparing" ? "stopped" : undefined;
    case "booted":
      return state === "starting" ? "running" : undefined;
    case "paused":
      return state === "running" ? "paused" : undefined;
    case "resumed":
      return state === "paused" ? "running" : undefined;
    case "halted":
      return state === "preparing" ? undefined : "stopped";
    case "failed":
      return "broken";
  }
}
