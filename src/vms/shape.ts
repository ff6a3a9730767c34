/** What a vm may have: the rules for what can be said at its making and changed later. Pure. */
import type { Problem } from "../contract/errors.ts";
import { MOST_LABELS } from "../contract/schemas/labels.ts";
import { exactSize } from "../contract/sizes.ts";
import { DISK_MAX_BYTES, DISK_MIN_BYTES } from "../disks/disks.ts";

export const MIB = 2 ** 20;

/** The smallest guest that boots the distribution's kernel with our initramfs. */
export const LEAST_MEMORY_MIB = 128;
const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const ENV_MOST_BYTES = 64 * 1024;

export interface VmShape {
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly layerBytes: number;
  readonly workBytes: number;
  readonly env: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

/** Of the computer. */
export interface ShapeLimits {
  readonly cpus: number;
  readonly memoryMiB: number;
}

/** Everything that is wrong, each with the path of its field. */
export function* shapeProblems(shape: VmShape, host: ShapeLimits): Generator<Problem> {
  const { cpus, memoryBytes, layerBytes, workBytes, env, labels } = shape;
  if (cpus > host.cpus)
    yield problem("too_many_cpus", "cpus", `${cpus} cpus are more than the ${host.cpus} of this computer`, `--cpus ${host.cpus}`);
  yield* memoryProblems(memoryBytes, host.memoryMiB);
  yield* diskProblems("disk", "--disk", layerBytes);
  yield* diskProblems("workDisk", "--work-disk", workBytes);
  yield* envProblems(env);
  const count = Object.keys(labels).length;
  if (count > MOST_LABELS)
    yield problem("too_many_labels", "labels", `${count} labels are more than ${MOST_LABELS}`, "--label KEY- takes one away");
}

/** Disks are whole blocks. */
export function roundDown(bytes: number): number {
  return bytes - (bytes % 4096);
}

export function problem(code: string, path: string, message: string, hint: string): Problem {
  return { code, path, message, hint };
}

function* memoryProblems(bytes: number, hostMiB: number): Generator<Problem> {
  if (bytes < LEAST_MEMORY_MIB * MIB)
    yield problem(
      "too_little_memory",
      "memory",
      `${exactSize(bytes)} of memory is too little to boot`,
      `--memory ${LEAST_MEMORY_MIB}M or more${bytes < MIB ? "; a number without a unit is in bytes" : ""}`,
    );
  if (bytes > hostMiB * MIB)
    yield problem(
      "too_much_memory",
      "memory",
      `${exactSize(bytes)} of memory is more than the ${exactSize(hostMiB * MIB)} of this computer`,
      "a smaller --memory",
    );
}

function* diskProblems(path: string, flag: string, bytes: number): Generator<Problem> {
  if (bytes < DISK_MIN_BYTES)
    yield problem("disk_too_small", path, `a disk of ${exactSize(bytes)} is too small`, `${flag} ${DISK_MIN_BYTES / MIB}M or more`);
  if (bytes > DISK_MAX_BYTES) yield problem("disk_too_large", path, `a disk of ${exactSize(bytes)} is too large`, `${flag} 15T or less`);
}

function* envProblems(env: Readonly<Record<string, string>>): Generator<Problem> {
  let total = 0;
  for (const [name, value] of Object.entries(env)) {
    total += name.length + value.length;
    if (!ENV_NAME.test(name))
      yield problem("bad_env", `env.${name}`, `${JSON.stringify(name)} is not a name of an environment variable`, "--env NAME=VALUE");
    if (value.includes("\0")) yield problem("bad_env", `env.${name}`, `the value of ${name} holds a zero byte`, "--env NAME=VALUE");
  }
  if (total > ENV_MOST_BYTES)
    yield problem("bad_env", "env", `the environment has ${total} bytes, more than ${ENV_MOST_BYTES}`, "a file in the vm");
}
