/** The shapes of the guest's JSON answers. Strict, and bounded in every direction. */
import { z } from "zod";
import { guestInit } from "../contract/schemas/init.ts";

const millis = z.number().nonnegative().max(Number.MAX_SAFE_INTEGER);

/** `GET /healthz`. */
export const guestHealth = z.strictObject({
  state: z.enum(["waiting", "configured", "handed-over"]),
  uptimeMs: millis,
  init: guestInit,
});

/** `POST /amend`. */
export const guestAmended = z.strictObject({ clockBehindMs: z.int().nullable() });

/** `POST /await`. */
export const guestWaited = z.strictObject({ met: z.boolean(), ms: millis, why: z.string().max(4096).nullable() });

/** `POST /forget`. */
export const guestForgotten = z.strictObject({ removed: z.array(z.string().max(8192)).max(100_000) });

/** `POST /ssh/prepare`. The key goes into a file of lines. */
export const guestSsh = z.strictObject({
  server: z
    .string()
    .regex(/^\/[A-Za-z0-9/_.-]{1,256}$/)
    .nullable(),
  hostKey: z
    .string()
    .regex(/^[a-z0-9-]{1,64} [A-Za-z0-9+/]{16,4096}={0,3}$/)
    .nullable(),
  carried: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .exactOptional(),
});

/** `GET /ssh`. */
export const guestSshd = z.strictObject({ image: z.string().max(4096).nullable() });

/** `GET /stats` and `GET /ports`. */
export { guestPorts, guestStats } from "../contract/schemas/guest.ts";

/** `POST /plan`. Stage names are words of ours; the kernel's release is shown to people, so only plain characters pass. */
export const guestReport = z.strictObject({
  stages: z.array(z.strictObject({ name: z.string().regex(/^[a-z0-9 -]{1,64}$/), ms: millis })).max(64),
  kernel: z.string().regex(/^[0-9A-Za-z._+~-]{1,128}$/),
  installs: z.strictObject({ init: guestInit, family: z.string().regex(/^[a-z]{1,32}$/) }).exactOptional(),
});
