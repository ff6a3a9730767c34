/**
 * The configuration: one TOML file, all of it optional. Unknown keys are refused, each problem names its line.
 *
 *     default_image = "debian-bookworm"
 *     default_kernel = "debian-6.12"
 *
 *     [debian]
 *     mirror = "http://mirror.example/debian"
 *     security_mirror = "http://mirror.example/debian-security"
 *
 *     [drivers]
 *     order = ["qemu"]
 *     qemu_binary = "/usr/bin/qemu-system-x86_64"
 *
 *     [defaults]
 *     memory = "2G"
 *     disk = "20G"
 *     work_disk = "20G"
 *     boot_deadline = "3m"
 *
 *     [network]
 *     mode = "auto"
 *
 *     [logs]
 *     console = "16M"
 *
 *     [kernel_build]
 *     mirror = "https://mirror.example/pub/linux/kernel"
 *     keyservers = ["https://keys.example"]
 *
 *     [ssh]
 *     key = "/home/me/.ssh/id_ed25519"
 *
 *     [proxy]
 *     listen = "127.0.0.1:7070"
 *
 *     [registries."docker.io"]
 *     mirrors = ["mirror.example:5000"]
 *
 *     [registries."reg.example:5000"]
 *     plain_http = true
 *
 *     [[catalogs]]
 *     name = "acme"
 *     url = "https://acme.example/catalog.json"
 *     keys = ["RW..."]
 */
import { parse, TomlError } from "smol-toml";
import { z } from "zod";
import { configuredCatalogs, registrySettings } from "../catalog/catalog.ts";
import { DRIVER_NAMES, REAL_DRIVER_NAMES } from "../contract/driver-names.ts";
import { BangerError, type Problem } from "../contract/errors.ts";
import { problemsOf } from "../contract/problems-of.ts";
import { parseForward } from "../contract/schemas/forward.ts";
import { duration, goodsName, size } from "../contract/schemas/names.ts";
import { exactSize } from "../contract/sizes.ts";
import { DISK_MAX_BYTES, DISK_MIN_BYTES } from "../disks/disks.ts";
import { NETWORK_MODES } from "../network/network.ts";
import { LEAST_MEMORY_MIB } from "../vms/vms.ts";
import { wordIssue } from "../contract/word-issue.ts";

const LEAST_CONSOLE_BYTES = 2 ** 20;

/** A size of which it is said in which unit: a bare number could be meant in any. */
const typedSize = z
  .union([z.string(), z.number()], "must be a size with its unit, such as 2G")
  .refine((value) => typeof value === "string" && /\D/.test(value), { error: "must be a size with its unit, such as 2G", abort: true })
  .pipe(size);
const diskSize = typedSize
  .refine((bytes) => bytes >= DISK_MIN_BYTES, `a disk has at least ${exactSize(DISK_MIN_BYTES)}`)
  .refine((bytes) => bytes <= DISK_MAX_BYTES, "a disk has at most 15T");

/** An address of this computer and a port, as of a forward. */
const listenPlace = z.string().transform((text, context) => {
  // The port of a guest is what a forward has and a place has not.
  const parsed = parseForward(`${text}:1`);
  if (!("wrong" in parsed) && text.includes(":") && parsed.hostPort > 0) return { address: parsed.address, port: parsed.hostPort };
  context.addIssue({ code: "custom", message: "must be an address and a port, such as 127.0.0.1:7070 or [::1]:7070" });
  return z.NEVER;
});

/** All keys; `docs/config.md` tells of each. */
export const configSchema = z.strictObject({
  /** The image of a vm for which none was named. */
  default_image: goodsName.optional(),
  /** The kernel of an image that names none. */
  default_kernel: goodsName.optional(),
  debian: z
    .strictObject({
      /** Used instead of the host's apt sources. */
      mirror: z.url({ protocol: /^https?$/, error: "a mirror is an http or https address" }).optional(),
      /** Where the security suites are; beside the mirror when absent. */
      security_mirror: z.url({ protocol: /^https?$/, error: "a mirror is an http or https address" }).optional(),
    })
    .prefault({}),
  drivers: z
    .strictObject({
      /** Tried in this order. */
      order: z
        .array(z.enum(DRIVER_NAMES, `must be ${REAL_DRIVER_NAMES.join(" or ")}`))
        .min(1)
        .optional(),
      /** Found in PATH when absent. */
      qemu_binary: z.string().startsWith("/", "the path of a program is absolute").optional(),
    })
    .prefault({}),
  defaults: z
    .strictObject({
      memory: typedSize
        .refine((bytes) => bytes >= LEAST_MEMORY_MIB * 2 ** 20, `a vm has at least ${LEAST_MEMORY_MIB}M of memory`)
        .optional(),
      disk: diskSize.optional(),
      work_disk: diskSize.optional(),
      boot_deadline: duration.optional(),
    })
    .prefault({}),
  network: z
    .strictObject({
      /** Which way out a vm gets with `--nat`; found out when absent. */
      mode: z.enum(NETWORK_MODES, `must be one of ${NETWORK_MODES.join(", ")}`).optional(),
    })
    .prefault({}),
  logs: z
    .strictObject({
      /** How much of each console is kept. */
      console: typedSize.refine((bytes) => bytes >= LEAST_CONSOLE_BYTES, "at least 1M of a console is kept").optional(),
    })
    .prefault({}),
  kernel_build: z
    .strictObject({
      /** Where the releases of Linux are; `v6.x` lies below it. */
      mirror: z.url({ protocol: /^https?$/, error: "a mirror is an http or https address" }).optional(),
      /** Asked in this order. Which keys are believed is no matter of the config. */
      keyservers: z
        .array(z.url({ protocol: /^https?$/, error: "a key server is an http or https address" }))
        .min(1)
        .max(8)
        .optional(),
    })
    .prefault({}),
  ssh: z
    .strictObject({
      /** A private key for guests, beside which lies its public half. Ours is made when this is absent. */
      key: z.string().startsWith("/", "the path of a key is absolute").optional(),
    })
    .prefault({}),
  proxy: z
    .strictObject({
      /** Where `http://PORT.NAME.localhost` is answered; nowhere when this is absent. */
      listen: listenPlace.optional(),
    })
    .prefault({}),
  /** How to get at registries of images. */
  registries: registrySettings.default({}),
  /** Believed beside those that were added. */
  catalogs: configuredCatalogs.default([]),
});

/** What the file says; sizes in bytes, durations in milliseconds. */
export type Config = z.output<typeof configSchema>;

/** Parses the text of a config file. Throws `invalid` `invalid_config` with every problem, each with its line. */
export function parseConfig(text: string, path: string): Config {
  const parsed = configSchema.safeParse(parseToml(text, path), { error: wordIssue });
  if (parsed.success) return parsed.data;
  throw invalid(
    path,
    parsed.error.issues
      .flatMap(problemsOf)
      .map((problem) => ({ problem, line: lineOf(problem.path.split("."), text) }))
      .toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0))
      .map(({ problem, line }) => withLine(problem, line)),
  );
}

function parseToml(text: string, path: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const message = error.message.split("\n")[0] ?? "";
    throw invalid(path, [{ code: "toml", path: "", message: `line ${error.line}: ${message}` }]);
  }
}

function invalid(path: string, problems: readonly Problem[]): BangerError {
  const all = problems.map(({ message }) => message).join("; ");
  return new BangerError("invalid", "invalid_config", `cannot use the config ${path}: ${all}`, { hint: `edit ${path}`, problems });
}

/** Neither parser nor schema knows lines; the key is looked for in its table. */
function withLine(problem: Problem, line: number | undefined): Problem {
  return { ...problem, message: `${line === undefined ? "" : `line ${line}: `}${problem.path}: ${problem.message}` };
}

/** The line, from 1, in which a key is set, or else of what it is in: `catalogs.1.url` is in the second `[[catalogs]]`. */
export function lineOf(path: readonly string[], text: string): number | undefined {
  const lines = linesOf(text);
  for (let length = path.length; length > 0; length -= 1) {
    const line = lines.get(path.slice(0, length).join("."));
    if (line !== undefined) return line;
  }
  return undefined;
}

/** The first line of each key and each table, by its whole name. */
function linesOf(text: string): ReadonlyMap<string, number> {
  const lines = new Map<string, number>();
  const counts = new Map<string, number>();
  let table = "";
  for (const [index, line] of text.split("\n").entries()) {
    const [, isArray, typed] = /^\s*\[(\[)?\s*([\w.:"'[\]-]*[\w"'])\s*\]/.exec(line) ?? [];
    // `registries."docker.io"`: as in the path of a problem.
    const opened = typed?.replaceAll(/["']/g, "");
    const key = opened === undefined ? /^\s*([\w.-]+)\s*=/.exec(line)?.[1] : undefined;
    if (opened !== undefined) {
      const count = counts.get(opened) ?? 0;
      counts.set(opened, count + 1);
      table = isArray === undefined ? opened : `${opened}.${count}`;
      if (isArray !== undefined) setNew(lines, opened, index + 1);
    }
    if (opened !== undefined || key !== undefined) setNew(lines, [table, key ?? ""].filter((part) => part !== "").join("."), index + 1);
  }
  return lines;
}

function setNew(lines: Map<string, number>, name: string, line: number): void {
  if (!lines.has(name)) lines.set(name, line);
}
