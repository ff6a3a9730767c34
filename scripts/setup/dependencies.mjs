/** The npm packages of the lock file, and bun's program, which its package fetches in an install script. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { SetupProblem } from "./problem.mjs";
import { BUN, inRoot } from "./places.mjs";
import { digestOf } from "./stamp.mjs";
import { answerOf, isProgram, runOk } from "./programs.mjs";

/** Inside node_modules, so that whoever removes that folder removes the stamp too. */
const STAMP = inRoot("node_modules/.banger-lock-digest");

/** True when there was something to do. */
export async function installDependencies() {
  const wanted = digestOf([inRoot("package-lock.json")]);
  if (existsSync(STAMP) && readFileSync(STAMP, "utf8") === wanted && isProgram(BUN)) return false;
  await runOk(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    hint: "check that npm can reach its registry, then run the same command again",
  });
  await checkBun();
  writeFileSync(STAMP, wanted);
  return true;
}

async function checkBun() {
  const wanted = JSON.parse(readFileSync(inRoot("package.json"), "utf8")).devDependencies.bun;
  // npm may be set to run no install scripts; this one we need, so we run it ourselves.
  if (answerOf([BUN, "--version"])?.trim() !== wanted)
    await runOk([process.execPath, inRoot("node_modules/bun/install.js")], { cwd: inRoot("node_modules/bun") });
  const found = answerOf([BUN, "--version"])?.trim();
  if (found !== wanted)
    throw new SetupProblem(`cannot use bun: version ${wanted} is wanted, and ${BUN} says ${found ?? "nothing"}`, "rm -rf node_modules");
}
