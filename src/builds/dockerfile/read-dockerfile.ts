/**
 * What a Dockerfile begins with. Buildah reads all of it for itself; here only the names are found that may be those of images in the
 * store: a name that is missed is asked of a registry, which says that it has none of it.
 */
import { instructionsOf, type Instruction } from "./instructions.ts";

export interface DockerfileBases {
  /** Of `FROM` and `COPY --from`, each once. */
  readonly names: readonly string[];
  /** Of the stage that is built, through all that it is made of; undefined when that is no such name. */
  readonly last: string | undefined;
}

export interface DockerfileHow {
  readonly buildArgs: Readonly<Record<string, string>>;
  /** By its name or its number; the last one when left out. */
  readonly target?: string | undefined;
}

interface Stage {
  readonly name: string | undefined;
  readonly from: string;
}

/** A part of a repository's name, which an image here may have too. Nothing of it is a registry, a tag or a digest. */
const PLAIN = /^[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*$/;
const NAME_MAX_CHARACTERS = 128;
/** A longer value is no name. */
const VALUE_MAX_CHARACTERS = 4096;
const VARIABLE = /\$(?:(\w+)|\{(\w+)(?:(:?[-+])([^{}]*))?\})/g;

/** Pure. */
export function basesOf(text: string, { buildArgs, target }: DockerfileHow): DockerfileBases {
  const stages: Stage[] = [];
  const names = new Set<string>();
  const values = new Map<string, string>();
  const add = (name: string): void => {
    const isPlain = name.length <= NAME_MAX_CHARACTERS && PLAIN.test(name);
    if (isPlain && name !== "scratch" && stageOf(stages, name) === undefined) names.add(name);
  };
  for (const { word, rest } of instructionsOf(text)) {
    if (word === "ARG" && stages.length === 0) noteArguments(values, rest, buildArgs);
    if (word === "FROM") {
      const stage = readFrom(rest, values);
      add(stage.from);
      stages.push(stage);
    }
    const copied = copiedFrom({ word, rest });
    // A number is that of a stage.
    if (copied !== undefined && !/^\d+$/.test(copied)) add(copied);
  }
  const wanted = target === undefined ? stages.at(-1) : (stageOf(stages, target) ?? stages[Number(target)]);
  const from = wanted === undefined ? undefined : firstOf(stages, wanted);
  return { names: [...names], last: from !== undefined && names.has(from) ? from : undefined };
}

/** Of those before a stage alone: one may be called as the image that it is made of. */
function firstOf(stages: readonly Stage[], wanted: Stage): string {
  let { from } = wanted;
  for (const stage of stages.slice(0, stages.indexOf(wanted)).toReversed()) if (isCalled(stage, from)) ({ from } = stage);
  return from;
}

function stageOf(stages: readonly Stage[], name: string): Stage | undefined {
  return stages.findLast((stage) => isCalled(stage, name));
}

function isCalled(stage: Stage, name: string): boolean {
  return stage.name === name.toLowerCase();
}

function readFrom(rest: string, values: ReadonlyMap<string, string>): Stage {
  const words = rest.split(/\s+/).filter((word) => word !== "" && !word.startsWith("--"));
  const [from = "", as = "", name] = words;
  return { from: unquoted(expand(from, values)), name: as.toUpperCase() === "AS" ? name?.toLowerCase() : undefined };
}

function copiedFrom({ word, rest }: Instruction): string | undefined {
  if (word !== "COPY") return undefined;
  for (const each of rest.split(/\s+/)) {
    if (!each.startsWith("--")) return undefined;
    if (each.startsWith("--from=")) return unquoted(each.slice("--from=".length));
  }
  return undefined;
}

/** `NAME=VALUE` or `NAME`, several in a line. */
function noteArguments(values: Map<string, string>, rest: string, buildArgs: Readonly<Record<string, string>>): void {
  for (const [, name = "", , value = ""] of rest.matchAll(/(\w+)(=("[^"]*"|'[^']*'|\S*))?/g)) {
    const given = Object.hasOwn(buildArgs, name) ? buildArgs[name] : undefined;
    values.set(name, given ?? unquoted(expand(value, values)));
  }
}

function expand(text: string, values: ReadonlyMap<string, string>): string {
  const valueOf = (_whole: string, plain: string | undefined, braced: string | undefined, how = "", other = ""): string => {
    const value = values.get(plain ?? braced ?? "");
    const isThere = value !== undefined && !(value === "" && how.startsWith(":"));
    if (how.endsWith("+")) return isThere ? other : "";
    return isThere ? value : other;
  };
  const expanded = text.replace(VARIABLE, valueOf);
  // Values of values may double with each line.
  return expanded.length > VALUE_MAX_CHARACTERS ? "" : expanded;
}

function unquoted(text: string): string {
  return /^(["'])(.*)\1$/s.exec(text)?.[2] ?? text;
}
