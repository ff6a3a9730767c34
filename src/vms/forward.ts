/**
 * Forwards of a vm that is there. The row is written first: what it says is listened for now, where the vm runs, and at each start. Whether
 * somebody else listens is found out before that, as far as one can.
 */
import { BangerError } from "../contract/errors.ts";
import { type Forward, formatForward, formatPlace, isSameForward, isSamePlace, MOST_FORWARDS } from "../contract/schemas/forward.ts";
import type { VmDependencies } from "./dependencies.ts";
import type { Supervisor } from "./supervise.ts";

export async function addForward(supervisor: Supervisor, wanted: Forward, { ports }: VmDependencies): Promise<void> {
  const what = (): string => `cannot forward ${formatForward(wanted)} to vm ${supervisor.record.name}`;
  if (isKept(supervisor.record.plan.forwards, wanted, what)) return;
  // Whether somebody listens in the guest only the guest knows.
  const { forwards, taken } = await ports.try(wanted.reverse ? [] : [wanted], supervisor.isRunning ? "all" : "any-port");
  const [forward = wanted, problem] = [forwards[0], taken[0]];
  if (problem !== undefined) {
    throw new BangerError("refused", "port_taken", `${what()}: ${formatPlace(wanted)}: ${problem.why}`, { hint: problem.hint });
  }
  supervisor.changePlan((plan) => {
    if (isKept(plan.forwards, forward, what)) return plan;
    if (plan.forwards.length >= MOST_FORWARDS) {
      throw new BangerError("refused", "too_many_forwards", `${what()}: it has ${MOST_FORWARDS} already, and more it cannot have`, {
        hint: "take one away with --remove",
      });
    }
    return { ...plan, forwards: [...plan.forwards, forward] };
  });
  await supervisor.listen();
}

export async function removeForward(supervisor: Supervisor, unwanted: Forward): Promise<void> {
  supervisor.changePlan((plan) => {
    const forwards = plan.forwards.filter((forward) => !isSameForward(forward, unwanted));
    if (forwards.length < plan.forwards.length) return { ...plan, forwards };
    const { name } = supervisor.record;
    const has = plan.forwards.map((forward) => `${formatForward(forward)}${forward.reverse ? " --reverse" : ""}`).join(", ");
    throw new BangerError("not_found", "forward_not_found", `cannot remove ${formatForward(unwanted)}: vm ${name} has no such forward`, {
      hint: has === "" ? "it has none" : `it has ${has}`,
    });
  });
  await supervisor.listen();
}

/** Whether there is that very forward. Throws where its place leads elsewhere. */
function isKept(forwards: readonly Forward[], wanted: Forward, what: () => string): boolean {
  const there = wanted.hostPort === 0 ? undefined : forwards.find((forward) => isSamePlace(forward, wanted));
  if (there === undefined) return false;
  if (isSameForward(there, wanted)) return true;
  const [where, whither] = there.reverse
    ? [`its port ${there.guestPort}`, formatPlace(there)]
    : [formatPlace(there), `its port ${there.guestPort}`];
  throw new BangerError("exists", "forward_exists", `${what()}: ${where} leads to ${whither} already`, {
    hint: `another port, or first banger forward NAME ${formatForward(there)} --remove${there.reverse ? " --reverse" : ""}`,
  });
}
