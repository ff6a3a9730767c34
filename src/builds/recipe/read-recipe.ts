/** A recipe and the files that it names, from a folder of the host. */
import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { parse } from "smol-toml";
import { BangerError, type Problem } from "../../contract/errors.ts";
import { problemsOf } from "../../contract/problems-of.ts";
import type { System } from "../../system/system.ts";
import { groupsIn, recipe, stepsOf, titleOf, type Recipe, type Step } from "./recipe.ts";

export interface ReadRecipe {
  readonly recipe: Recipe;
  readonly steps: readonly ReadStep[];
}

export interface ReadStep {
  readonly step: Step;
  readonly title: string;
  /** Of a copy: what is copied. */
  readonly content: Uint8Array | undefined;
}

const RECIPE_MAX_BYTES = 2 ** 20;
const FILE_MAX_BYTES = 16 * 2 ** 20;

/**
 * @param path absolute.
 * @param groups undefined for all.
 * Throws `invalid` `bad_recipe` with every problem, `no_such_group`, `not_found` `file_not_found`, `refused` `file_unusable`.
 */
export async function readRecipe(system: Pick<System, "files">, path: string, groups: readonly string[] | undefined): Promise<ReadRecipe> {
  const text = await onFile(path, () => system.files.readText(path, RECIPE_MAX_BYTES));
  const parsed = parseRecipe(path, text);
  const known = groupsIn(parsed);
  const unknown = (groups ?? []).filter((group) => !known.includes(group));
  if (unknown.length > 0) {
    throw new BangerError("invalid", "no_such_group", `cannot build by ${path}: it has no steps of group ${unknown.join(", ")}`, {
      hint: known.length === 0 ? "leave --groups out: its steps have none" : `--groups ${known.join(",")}`,
    });
  }
  const steps: ReadStep[] = [];
  for (const step of stepsOf(parsed, groups)) {
    const content = "copy" in step ? await readBelow(system, dirname(path), step.copy) : undefined;
    steps.push({ step, title: titleOf(step), content });
  }
  if (steps.length === 0) throw badRecipe(path, [{ code: "no_steps", path: "steps", message: "there is nothing to do" }]);
  return { recipe: parsed, steps };
}

/** Pure. */
export function parseRecipe(path: string, text: string): Recipe {
  let raw: unknown;
  try {
    raw = parse(text);
  } catch (error) {
    const why = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    throw badRecipe(path, [{ code: "not_toml", path: "", message: `it is no TOML: ${why}` }]);
  }
  const result = recipe.safeParse(raw);
  if (result.success) return result.data;
  throw badRecipe(path, result.error.issues.flatMap(problemsOf));
}

/**
 * What is in the identity of a build up to a step: the base that it begins with, everything that is said of all steps, and each step with
 * what it copies. Names and groups change nothing.
 */
export function identitiesOf(base: string, { recipe: { env, network }, steps }: ReadRecipe): readonly string[] {
  let before = digestOf(["banger recipe 1", base, Object.entries(env).toSorted(([one], [other]) => (one < other ? -1 : 1)), network]);
  return steps.map(({ step: { name: _name, group: _group, ...what }, content }) => {
    before = digestOf([before, what, content === undefined ? null : createHash("sha256").update(content).digest("hex")]);
    return before;
  });
}

function digestOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}

/** A recipe may be a stranger's: what is not below its folder is not read, whatever links say. */
async function readBelow({ files }: Pick<System, "files">, folder: string, path: string): Promise<Uint8Array> {
  const names = path.split("/");
  let walked = folder;
  for (const [at, name] of names.entries()) {
    walked = `${walked}/${name}`;
    const place = walked;
    const info = await onFile(place, () => files.find(place));
    const wanted = at === names.length - 1 ? "file" : "folder";
    if (info === undefined) throw unusable("not_found", "file_not_found", place, "there is none");
    if (info.kind !== wanted) throw unusable("refused", "file_unusable", place, `it is no ${wanted}, but a ${info.kind}`);
  }
  return onFile(walked, () => files.read(walked, FILE_MAX_BYTES));
}

async function onFile<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof BangerError) throw error;
    throw unusable("refused", "file_unusable", path, error instanceof Error ? error.message : String(error), error);
  }
}

function unusable(kind: "not_found" | "refused", code: string, path: string, why: string, cause?: unknown): BangerError {
  return new BangerError(kind, code, `cannot read ${path}: ${why}`, { hint: `ls -ld ${path}`, cause });
}

function badRecipe(path: string, problems: readonly Problem[]): BangerError {
  const [first] = problems;
  const words =
    problems.length === 1 && first !== undefined
      ? `${first.path === "" ? "" : `${first.path}: `}${first.message}`
      : `${problems.length} things are wrong`;
  return new BangerError("invalid", "bad_recipe", `cannot build by the recipe ${path}: ${words}`, {
    hint: "docs/images.md has what a recipe may say",
    problems,
  });
}
