import type { System } from "../system/system.ts";
import type { Agent, OpenAgent, OpenAgentOptions } from "./agent.ts";
import { abortReason } from "./guest-errors.ts";
import { shakeHands } from "./handshake.ts";
import { HttpAgent } from "./http-agent.ts";
import { KEEP_ALIVE_TIMES, type KeepAliveTimes } from "./keep-alive.ts";
import { startDeadline } from "./start-deadline.ts";

const NONCE_BYTES = 16;

/** Makes `openAgent`. `times` are for tests of dead peers. */
export function makeOpenAgent(system: Pick<System, "random" | "clock">, times: KeepAliveTimes = KEEP_ALIVE_TIMES): OpenAgent {
  return async function openAgent(options: OpenAgentOptions): Promise<Agent> {
    using deadline = startDeadline(system.clock, options.deadlineMs, options.signal);
    if (deadline.signal.aborted) throw abortReason(deadline.signal, "cannot reach the guest agent");
    const socket = await options.connect(deadline.signal);
    const hello = await shakeHands(socket, system.random.hex(NONCE_BYTES), deadline.signal);
    return new HttpAgent(socket, hello, system.clock, times);
  };
}
