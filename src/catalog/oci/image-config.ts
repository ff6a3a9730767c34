/** The config of an image: what to run in it and how, and what its layers are when they are unpacked. Bytes come here verified. */
import { z } from "zod";
import type { OciConfig } from "../catalog.ts";
import { boundedEntries, boundedList, parseBy, parseJsonObject } from "./bounded-json.ts";
import { MAX_LAYERS } from "./image-document.ts";
import type { Platform } from "./platform.ts";

export interface ImageConfig {
  readonly config: OciConfig;
  readonly platform: Platform;
  /** `sha256:` and 64 hex digits each, bottom first. */
  readonly diffIds: readonly string[];
}

const MAX_ITEMS = 4096;
const noNul = /^[^\0]*$/;
const path = z.string().max(4096).regex(noNul, "has a NUL");
const argument = z.string().max(131_072).regex(noNul, "has a NUL");
const variable = z
  .string()
  .max(131_072)
  .regex(/^[^=\0]+=[^\0]*$/, "is no KEY=VALUE");
const user = z
  .string()
  .max(256)
  .regex(/^[^\0\n]*$/, "is no user");
const label = z.string().max(65_536);
const labelKey = z.string().max(4096);
const port = z.string().regex(/^\d{1,5}(?:-\d{1,5})?(?:\/(?:tcp|udp|sctp))?$/, "is no port");
const signal = z.string().regex(/^[A-Za-z0-9+-]{0,32}$/, "is no signal");
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, "is no digest by sha256");
const word = z.string().regex(/^[a-z0-9._-]{1,64}$/, "is no word");
const group = z.record(z.string(), z.unknown());
const top = z.object({ os: word, architecture: word, variant: z.string().max(64).nullish(), config: group.nullish(), rootfs: group });
const rootfs = z.object({ type: z.literal("layers", "is of another type than layers") });

/** Throws `refused` `bad_oci_document`. */
export function parseImageConfig(bytes: Uint8Array, what: string): ImageConfig {
  const document = parseJsonObject(bytes, what);
  const { os, architecture, variant, config, rootfs: layers } = parseBy(top, document, what);
  parseBy(rootfs, layers, what);
  const diffIds = boundedList(layers["diff_ids"], MAX_LAYERS, what).map((each) => parseBy(digest, each, what));
  return { config: readConfig(config ?? {}, what), platform: { os, architecture, variant: variant || undefined }, diffIds };
}

function readConfig(config: Readonly<Record<string, unknown>>, what: string): OciConfig {
  const list = (name: string, schema: z.ZodType<string>): readonly string[] =>
    boundedList(config[name], MAX_ITEMS, what).map((each) => parseBy(schema, each, what));
  const text = (name: string, schema: z.ZodType<string>): string => {
    const value = config[name];
    return value === undefined || value === null ? "" : parseBy(schema, value, what);
  };
  const keys = (name: string, schema: z.ZodType<string>): readonly string[] =>
    boundedEntries(config[name], MAX_ITEMS, what).map(([key]) => parseBy(schema, key, what));
  return {
    env: list("Env", variable),
    workingDir: text("WorkingDir", path),
    user: text("User", user),
    entrypoint: list("Entrypoint", argument),
    cmd: list("Cmd", argument),
    labels: Object.fromEntries(
      boundedEntries(config["Labels"], MAX_ITEMS, what).map(([key, value]) => [parseBy(labelKey, key, what), parseBy(label, value, what)]),
    ),
    stopSignal: text("StopSignal", signal) || undefined,
    exposedPorts: keys("ExposedPorts", port),
    volumes: keys("Volumes", path),
  };
}
