/** What a vm with a way out may reach besides the internet. */
import { z } from "zod";

/** How many of each kind a vm may have. */
export const MOST_GRANTS = 64;

/** A port of the host's loopback, as a number or typed. */
export const hostPort = z
  .union([z.string(), z.number()], "must be a port from 1 to 65535")
  .transform((value, context) => {
    const port = /^[1-9]\d{0,4}$/.test(String(value)) ? Number(value) : Number.NaN;
    if (port <= 65_535) return port;
    context.addIssue({ code: "custom", message: `${JSON.stringify(value)} is not a port; write a number from 1 to 65535` });
    return z.NEVER;
  })
  .meta({ description: "A port, from 1 to 65535.", "x-kind": "string" });

const NETWORK = /^(?<a>\d{1,3})\.(?<b>\d{1,3})\.(?<c>\d{1,3})\.(?<d>\d{1,3})(?:\/(?<prefix>\d{1,2}))?$/;
/** So short a prefix is no network around anybody. */
const LEAST_PREFIX = 8;

/** A network around the host by IPv4, or one address of it. */
export const lanNetwork = z
  .string()
  .max(18)
  .transform((text, context) => {
    const { a, b, c, d, prefix = "32" } = NETWORK.exec(text)?.groups ?? {};
    const isNetwork = [a, b, c, d].every((part) => part !== undefined && Number(part) <= 255) && Number(prefix) <= 32;
    if (isNetwork && Number(prefix) >= LEAST_PREFIX) return `${a}.${b}.${c}.${d}/${prefix}`;
    const why = isNetwork ? `is larger than a /${LEAST_PREFIX}` : "is not a network";
    context.addIssue({ code: "custom", message: `${JSON.stringify(text)} ${why}; write it like 192.168.1.0/24` });
    return z.NEVER;
  })
  .meta({ description: "A network such as 192.168.1.0/24, or an address.", "x-kind": "string" });
