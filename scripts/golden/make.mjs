/** Builds the golden image and its slim variant from the recipe, and writes the bundles of both. */
import { mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { BANGER, inRoot } from "../setup/places.mjs";
import { SetupProblem } from "../setup/problem.mjs";
import { answerOf, runOk } from "../setup/programs.mjs";
import { seconds } from "../setup/seconds.mjs";
import { withRecipe } from "./prepare.mjs";

/** For node's `parseArgs`. */
export const MAKE_OPTIONS = /** @type {const} */ ({
  from: { type: "string", default: "debian-bookworm" },
  kernel: { type: "string" },
  name: { type: "string", default: "golden" },
  variant: { type: "string", default: "both" },
  pin: { type: "string", multiple: true },
  into: { type: "string", default: inRoot("dist") },
});

/**
 * @typedef {object} Wanted
 * @property {string} from the image that it is built from
 * @property {string} [kernel] instead of the recipe's
 * @property {string} name of the whole image; the slim one is called `NAME-slim`
 * @property {string} variant `slim`, `full` or `both`
 * @property {readonly string[]} [pin] each `NAME=VALUE`
 * @property {string} into folder of the bundles
 */

/**
 * The bundles that were written, the slim one first: it is the default where both are.
 * @param {Wanted} wanted
 * @returns {Promise<readonly { readonly name: string, readonly path: string }[]>}
 */
export async function makeBundles(wanted) {
  const variants = variantsOf(wanted);
  return withRecipe({ pins: [...registryPin(), ...(wanted.pin ?? [])], kernel: wanted.kernel }, async (recipe) => {
    const made = [];
    for (const { name, groups } of variants) {
      const begin = performance.now();
      await runOk([BANGER, "image", "build", name, "--from-image", wanted.from, "-f", recipe, "--groups", groups, "--replace"]);
      const { path, bytes } = bundle(name, wanted.into);
      console.log(`${name}: ${path}, ${(bytes / 2 ** 20).toFixed(0)} MiB, ${seconds(begin)}`);
      made.push({ name, path });
    }
    console.log(`\nfor vms for which no image is named, in config.toml: default_image = "${made[0]?.name}"`);
    return made;
  });
}

/** The registry that npm uses here; one that is pinned takes its place. */
function registryPin() {
  const registry = answerOf(["npm", "config", "get", "registry"])?.trim().replace(/\/$/, "");
  return registry === undefined || !/^https?:\/\//.test(registry) ? [] : [`NPM_REGISTRY=${registry}`];
}

/** @param {Wanted} wanted */
function variantsOf({ name, variant }) {
  const slim = { name: `${name}-slim`, groups: "ESSENTIAL" };
  const full = { name, groups: "ESSENTIAL,OPINION" };
  if (variant === "both") return [slim, full];
  if (variant === "slim") return [slim];
  if (variant === "full") return [full];
  throw new SetupProblem(`cannot make the variant ${variant}: there is none`, "--variant slim, full or both");
}

/**
 * The same image makes the same file, so one that is there is written over.
 * @param {string} name
 * @param {string} into
 */
function bundle(name, into) {
  mkdirSync(into, { recursive: true });
  const folder = mkdtempSync(join(into, "bundle-"));
  try {
    const answer = answerOf([BANGER, "image", "bundle", name, "--into", folder, "--json"], { errors: "shown" });
    if (answer === undefined) throw new SetupProblem(`cannot go on: image ${name} makes no bundle`);
    /** @type {{ readonly path: string, readonly bytes: number }} */
    const { path, bytes } = JSON.parse(answer);
    const kept = join(into, basename(path));
    renameSync(path, kept);
    return { path: kept, bytes };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
