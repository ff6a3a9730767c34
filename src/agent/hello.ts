import { z } from "zod";
import { BangerError } from "../contract/errors.ts";
import type { Hello } from "./agent.ts";
import { guestGarbled } from "./guest-errors.ts";
import { readGuestJson } from "./parse-guest-json.ts";

/** The version of `docs/wire.md` that this end speaks. */
export const WIRE_PROTOCOL = 1;

const anyProtocol = z.looseObject({ protocol: z.number().int().nonnegative() });
const hello = z.strictObject({
  protocol: z.literal(WIRE_PROTOCOL),
  agent: z.string().regex(/^[0-9A-Za-z.+-]{1,64}$/),
  boot: z.string().regex(/^[0-9a-f]{32}$/),
});

/** Reads the JSON of `hello`. Another protocol is told apart from nonsense, because the user can do something about it. */
export function parseHello(bytes: Uint8Array): Hello {
  const value = readGuestJson(bytes, "its hello");
  const loose = anyProtocol.safeParse(value);
  if (loose.success && loose.data.protocol !== WIRE_PROTOCOL) throw otherProtocol(loose.data.protocol);
  const strict = hello.safeParse(value);
  if (!strict.success) throw guestGarbled("its hello has the wrong shape", strict.error);
  return strict.data;
}

function otherProtocol(theirs: number): BangerError {
  return new BangerError(
    "unsupported",
    "agent_protocol_mismatch",
    `cannot talk to the guest agent: it speaks protocol ${theirs}, and this banger speaks ${WIRE_PROTOCOL}`,
    { hint: "stop the vm and start it again: a start puts in the agent that fits", data: { theirs, ours: WIRE_PROTOCOL } },
  );
}
