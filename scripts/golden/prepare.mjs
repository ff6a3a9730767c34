/** The recipe of the golden image as it is built: a copy of its folder, with other pins where somebody wants others. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inRoot } from "../setup/places.mjs";
import { SetupProblem } from "../setup/problem.mjs";

export const GOLDEN = inRoot("images/golden");

/** One assignment of `pins.sh`: sh reads the file, so a value is nothing that sh would make more of. */
const PIN = /^(?<name>[A-Z]+(?:_[A-Za-z0-9]+)*)=(?<value>[\w.:/@+-]*)$/;

/**
 * What is pinned. Comments and empty lines aside, every line is a pin.
 * @param {string} text
 * @returns {Record<string, string>}
 */
export function readPins(text) {
  /** @type {Record<string, string>} */
  const pins = {};
  for (const line of text.split("\n").filter((one) => one !== "" && !one.startsWith("#"))) {
    const { name, value } = PIN.exec(line)?.groups ?? {};
    if (name === undefined || value === undefined) throw new SetupProblem(`cannot read pins.sh: this is no pin: ${line}`);
    if (name in pins) throw new SetupProblem(`cannot read pins.sh: ${name} is there twice`);
    pins[name] = value;
  }
  return pins;
}

/**
 * @param {string} text of `pins.sh`
 * @param {readonly string[]} others each `NAME=VALUE`, of a pin that is there
 */
export function withPins(text, others) {
  return others.reduce((before, other) => {
    const { name } = PIN.exec(other)?.groups ?? {};
    const pins = readPins(before);
    if (name === undefined || !(name in pins)) {
      throw new SetupProblem(`cannot pin ${other}: it is not NAME=VALUE of a pin that there is`, `one of ${Object.keys(pins).join(", ")}`);
    }
    return before.replace(`${name}=${pins[name]}\n`, `${other}\n`);
  }, text);
}

/**
 * @param {string} text of `recipe.toml`
 * @param {string} kernel
 */
export function withKernel(text, kernel) {
  if (!/^[a-z0-9][a-z0-9._-]*$/.test(kernel)) throw new SetupProblem(`cannot build for kernel ${kernel}: that is no name of one`);
  return text.replace(/^kernel = ".*"$/m, `kernel = "${kernel}"`);
}

/**
 * Calls `work` with the path of a recipe that is there meanwhile.
 * @template T
 * @param {{ readonly pins: readonly string[], readonly kernel: string | undefined }} wanted
 * @param {(recipe: string) => Promise<T>} work
 */
export async function withRecipe({ pins, kernel }, work) {
  const folder = mkdtempSync(join(tmpdir(), "banger-golden-"));
  try {
    cpSync(GOLDEN, folder, { recursive: true });
    const [pinsFile, recipe] = [join(folder, "pins.sh"), join(folder, "recipe.toml")];
    writeFileSync(pinsFile, withPins(readFileSync(pinsFile, "utf8"), pins));
    if (kernel !== undefined) writeFileSync(recipe, withKernel(readFileSync(recipe, "utf8"), kernel));
    return await work(recipe);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
