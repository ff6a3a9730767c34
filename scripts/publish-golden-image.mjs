/**
 * Makes the bundles of the golden image as make-golden-bundle does, with its flags, and publishes them.
 *
 *   node scripts/publish-golden-image.mjs [FLAGS] -- --to STORE --catalog PLACE --secret-key KEY [...]
 *   node scripts/publish-golden-image.mjs [FLAGS] --skip-upload
 *
 * What stands behind `--` is for `banger image publish`. With --skip-upload the bundles stay in dist/, and nothing is sent.
 */
import { parseArgs } from "node:util";
import { MAKE_OPTIONS, makeBundles } from "./golden/make.mjs";
import { BANGER } from "./setup/places.mjs";
import { runMain, SetupProblem } from "./setup/problem.mjs";
import { run } from "./setup/programs.mjs";

const SKIP = /** @type {const} */ ({ "skip-upload": { type: "boolean", default: false } });

await runMain(async () => {
  const words = process.argv.slice(2);
  const end = words.indexOf("--");
  const [ours, publish] = end === -1 ? [words, []] : [words.slice(0, end), words.slice(end + 1)];
  const { "skip-upload": skip, ...wanted } = parseArgs({ args: ours, options: { ...MAKE_OPTIONS, ...SKIP } }).values;
  // Said before an hour of work, and not after it.
  if (!skip && publish.length === 0) {
    throw new SetupProblem(
      "cannot publish the golden image: it is not said where to",
      "-- --to STORE --catalog PLACE --secret-key KEY, or --skip-upload",
    );
  }
  const bundles = await makeBundles(wanted);
  if (skip) return;
  for (const { path } of bundles) {
    const code = await run([BANGER, "image", "publish", "--bundle", path, ...publish], { input: "ours" });
    if (code !== 0) throw new SetupProblem(`cannot go on: ${path} was not published`);
  }
});
