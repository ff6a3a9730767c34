/** What a vm with a way out may reach besides the internet. */
import { z } from "zod";

/** How many of each kind a vm may have. */
export const MOST_GRANTS = 64;

/** A port of the host's loopback, as a number or typed. */
export const hostPort = z
  .union([z.string(), z.number()], "must be a port from 1 to 65535")
  .transform((value, context) => parsePort(String(value)) ?? refuse(context, wrongPort(value)))
  .meta({ description: "A port, from 1 to 65535.", "x-kind": "string" });

/** A network around the host by IPv4, or one address of it. */
export const lanNetwork = z
  .string()
  .max(18)
  .transform((text, context) => {
    const found = parseNetwork(text);
    return "network" in found ? found.network : refuse(context, found.wrong);
  })
  .meta({ description: "A network such as 192.168.1.0/24, or an address.", "x-kind": "string" });

/** A grant to give, or with a hyphen behind it one to take away. */
export const hostPortChange = z
  .union([z.string(), z.number()], "must be a port from 1 to 65535, with a hyphen behind it to take it away")
  .transform((value, context) => {
    const { text, isTaken } = cutHyphen(String(value));
    return { value: parsePort(text) ?? refuse(context, wrongPort(value)), isTaken };
  })
  .meta({ description: "A port, with a hyphen behind it to take it away.", "x-kind": "string" });

export const lanChange = z
  .string()
  .max(19)
  .transform((typed, context) => {
    const { text, isTaken } = cutHyphen(typed);
    const found = parseNetwork(text);
    return { value: "network" in found ? found.network : refuse(context, found.wrong), isTaken };
  })
  .meta({ description: "A network, with a hyphen behind it to take it away.", "x-kind": "string" });

export interface GrantChange<T> {
  readonly value: T;
  readonly isTaken: boolean;
}

const NETWORK = /^(?<a>\d{1,3})\.(?<b>\d{1,3})\.(?<c>\d{1,3})\.(?<d>\d{1,3})(?:\/(?<prefix>\d{1,2}))?$/;
/** So short a prefix is no network around anybody. */
const LEAST_PREFIX = 8;

function parsePort(text: string): number | undefined {
  return /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined;
}

function wrongPort(value: string | number): string {
  return `${JSON.stringify(value)} is not a port; write a number from 1 to 65535`;
}

function parseNetwork(text: string): { readonly network: string } | { readonly wrong: string } {
  const { a, b, c, d, prefix = "32" } = NETWORK.exec(text)?.groups ?? {};
  const parts = [a, b, c, d].flatMap((part) => (part !== undefined && Number(part) <= 255 ? [Number(part)] : []));
  const isNetwork = parts.length === 4 && Number(prefix) <= 32;
  if (isNetwork && Number(prefix) >= LEAST_PREFIX) return { network: `${parts.join(".")}/${Number(prefix)}` };
  const why = isNetwork ? `is larger than a /${LEAST_PREFIX}` : "is not a network";
  return { wrong: `${JSON.stringify(text)} ${why}; write it like 192.168.1.0/24` };
}

function cutHyphen(text: string): { readonly text: string; readonly isTaken: boolean } {
  return text.endsWith("-") ? { text: text.slice(0, -1), isTaken: true } : { text, isTaken: false };
}

function refuse(context: z.RefinementCtx, message: string): never {
  context.addIssue({ code: "custom", message });
  return z.NEVER;
}
