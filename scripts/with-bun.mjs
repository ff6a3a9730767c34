/**
 * Runs a program of the project under its own bun, which set-up may first have to install.
 *
 *   node scripts/with-bun.mjs FILE [ARGUMENT...]
 */
import { installDependencies } from "./setup/dependencies.mjs";
import { BUN } from "./setup/places.mjs";
import { runMain } from "./setup/problem.mjs";
import { run } from "./setup/programs.mjs";

await runMain(async () => {
  await installDependencies();
  return run([BUN, ...process.argv.slice(2)], { input: "ours" });
});
