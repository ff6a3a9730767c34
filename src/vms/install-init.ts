/** Stage `install`: the guest's own package manager gets the init that the image does not have. */
import type { Agent, GuestReport } from "../agent/agent.ts";
import { BangerError } from "../contract/errors.ts";
import type { StageContext } from "../operations/operations.ts";
import type { Clock } from "../system/system.ts";
import { startDeadline } from "./while-alive.ts";

/** A slow mirror and an emulated guest together; not the deadline of a boot, which knows of neither. */
const DEADLINE_MS = 45 * 60_000;
/** What it says is shown at most this often, and this much of it. */
const SHOW_EVERY_MS = 500;
const SHOWN_CHARACTERS = 100;

export interface Installed {
  readonly agent: Agent;
  readonly installs: NonNullable<GuestReport["installs"]>;
}

/** Returns when the init was handed over to. Throws `unavailable` `install_failed`. */
export async function installInit({ agent, installs }: Installed, clock: Clock, stage: StageContext, signal: AbortSignal): Promise<void> {
  let [lines, last, shownMs] = [0, "", Number.NEGATIVE_INFINITY];
  const show = (line: string): void => {
    lines += 1;
    last = line;
    const nowMs = clock.monotonicMs();
    if (nowMs - shownMs < SHOW_EVERY_MS) return;
    shownMs = nowMs;
    stage.progress(lines, undefined, "items", line.slice(0, SHOWN_CHARACTERS));
  };
  using late = startDeadline({ clock }, DEADLINE_MS);
  const what = `cannot install ${installs.init} by the package manager of ${installs.family}`;
  try {
    await agent.install(show, AbortSignal.any([signal, late.signal]));
  } catch (error) {
    signal.throwIfAborted();
    const isLate = late.signal.aborted;
    if (!isLate && !(error instanceof BangerError && error.code === "install_failed")) throw error;
    const why = isLate ? `it was not done in ${DEADLINE_MS / 60_000} minutes` : (error as BangerError).message;
    const lastWord = last === "" ? "" : `; its last word: ${last}`;
    throw new BangerError(isLate ? "timeout" : "unavailable", "install_failed", `${what}: ${why}${lastWord}`, {
      hint: "what it needs is a mirror that the vm reaches, and room on its disk; --init agent goes without",
      cause: error,
    });
  }
  stage.note(`${installs.init}, by the package manager of ${installs.family}`);
}
