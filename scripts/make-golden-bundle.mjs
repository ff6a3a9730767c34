/**
 * The golden image and its slim variant, built from images/golden and written into bundles.
 *
 *   node scripts/make-golden-bundle.mjs [--variant slim|full|both] [--from IMAGE] [--kernel REF] [--name NAME] [--pin NAME=VALUE]... [--into DIR]
 *
 * It uses the built dist/banger and its daemon. docs/golden-image.md tells of the flags.
 */
import { parseArgs } from "node:util";
import { MAKE_OPTIONS, makeBundles } from "./golden/make.mjs";
import { runMain } from "./setup/problem.mjs";

await runMain(async () => {
  await makeBundles(parseArgs({ options: MAKE_OPTIONS }).values);
});
