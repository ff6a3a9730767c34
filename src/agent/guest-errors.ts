/** The failures that a guest, or the way to it, can cause. One place, so that the same thing always has the same code. */
import type { ClientHttp2Session, ClientHttp2Stream } from "node:http2";
import { BangerError } from "../contract/errors.ts";
import { escapeGuestText } from "../contract/escape-guest-text.ts";

/** The byte stream or the session ended, or never worked. */
export function connectionLost(why: string, cause?: unknown): BangerError {
  return new BangerError("unavailable", "guest_connection_lost", `cannot talk to the guest agent: ${why}`, { cause });
}

/** The guest sent what the wire does not allow. */
export function guestGarbled(what: string, cause?: unknown): BangerError {
  return new BangerError("unavailable", "guest_garbled", `cannot understand the guest agent: ${what}`, {
    hint: "the guest may be damaged: restart the vm",
    cause,
  });
}

/** Why a stream ended other than by END_STREAM: its session is gone, or the guest reset it while others go on. */
export function streamBroken(session: ClientHttp2Session, stream: ClientHttp2Stream, path: string, cause?: unknown): BangerError {
  if (session.destroyed) return connectionLost("the connection ended", cause);
  return new BangerError("unavailable", "guest_stream_reset", `the guest agent broke off ${path}`, {
    data: { http2Code: stream.rstCode ?? null },
    cause,
  });
}

/** Why an aborted signal was aborted, as something to throw. */
export function abortReason(signal: AbortSignal, what: string): Error {
  const reason: unknown = signal.reason;
  if (reason instanceof BangerError) return reason;
  return new BangerError("cancelled", "cancelled", `${what}: cancelled`, { cause: reason });
}

const KIND_BY_STATUS = new Map([
  [400, "invalid"],
  [404, "not_found"],
  [409, "refused"],
  [502, "refused"],
] as const);

/** What to type where the agent's own words do not say. */
const HINT_BY_CODE = new Map([
  ["no_init", "--init agent, which goes with every image"],
  ["no_systemd", "--init openrc, or --init agent"],
  ["needs_network", "--nat, or --init agent, which needs nothing"],
]);

/** A refusal that the guest agent put in words. `code` and `message` are guest text, parsed and capped before. */
export function guestRefusal(path: string, status: number, code: string, message: string): BangerError {
  const kind = KIND_BY_STATUS.get(status as 400) ?? "unavailable";
  const hint = HINT_BY_CODE.get(code);
  return new BangerError(kind, `guest_${code}`, `the guest agent refused ${path}: ${escapeGuestText(message)}`, {
    data: { status },
    ...(hint === undefined ? {} : { hint }),
  });
}

/** The agent in the guest is of a version that did not know `path` yet. */
export function agentTooOld(path: string, cause: BangerError): BangerError {
  return new BangerError("unsupported", "agent_too_old", `cannot ask the guest agent for ${path}: it is older than this banger`, {
    hint: "stop the vm and start it again: it then gets the agent of today",
    cause,
  });
}

/** Another program in the guest has the port. */
export function portInUse(port: number, cause: BangerError): BangerError {
  return new BangerError("refused", "guest_port_in_use", `cannot listen on port ${port} in the guest: something listens there already`, {
    hint: "another port in the guest",
    cause,
  });
}

export function tooManyConnections(most: number): BangerError {
  return new BangerError("unavailable", "too_many_connections", `cannot connect: ${most} connections to ports of the guest are open`, {
    hint: "end some of them: banger vm show NAME lists the forwards",
  });
}

/** Nothing in the guest took a dialled connection. */
export function portClosed(port: number, cause: BangerError): BangerError {
  return new BangerError(
    "refused",
    "guest_port_closed",
    `cannot connect to port ${port} in the guest: nothing listens on 127.0.0.1 there`,
    {
      hint: "start the program in the guest first, and have it listen on 127.0.0.1 or on all addresses",
      cause,
    },
  );
}
