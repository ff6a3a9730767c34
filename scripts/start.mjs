/**
 * The first minutes with banger: set-up, a kernel, an image, a VM, and two commands in it. The VM is left running. Every
 * step looks first, so that a second run shows a running VM within seconds.
 */
import { setUp } from "./setup.mjs";
import { BANGER, ROOT } from "./setup/places.mjs";
import { runMain, SetupProblem } from "./setup/problem.mjs";
import { answerOf, run, which } from "./setup/programs.mjs";
import { seconds } from "./setup/seconds.mjs";

const KERNEL = "debian-6.12";
const IMAGE = "debian-bookworm";
const VM = "hello";

await runMain(async () => {
  const begin = performance.now();
  const isNew = await setUp({ tests: false });
  // A daemon of the old binary would answer for the new one. VMs run on without it.
  if (isNew) await banger("daemon", "stop");
  await stage(`kernel ${KERNEL}`, () => unlessListed("kernel", KERNEL));
  await stage(`image ${IMAGE}`, () => unlessListed("image", IMAGE));
  await stage(`vm ${VM}`, bringUp);
  await stage("uname -a", () => banger("vm", "exec", VM, "--", "uname", "-a"));
  await stage("cat /etc/os-release", () => banger("vm", "exec", VM, "--", "cat", "/etc/os-release"));
  sayWhatNext(begin);
});

/**
 * A titled step with its time.
 * @param {string} title
 * @param {() => Promise<string | void>} work resolves with a remark
 */
async function stage(title, work) {
  console.log(`\n== ${title}`);
  const begin = performance.now();
  const remark = await work();
  console.log(`-- ${remark === undefined ? "" : `${remark}, `}${seconds(begin)}`);
}

/**
 * Pulls a kernel or an image that is not here, or is here and cannot be read.
 * @param {"kernel" | "image"} noun
 * @param {string} name
 */
async function unlessListed(noun, name) {
  /** @type {readonly { readonly name: string, readonly problems: readonly string[] }[]} */
  const listed = asked(noun, "list")[`${noun}s`];
  const found = listed.find((one) => one.name === name);
  if (found !== undefined && found.problems.length === 0) return "already here";
  if (found !== undefined) await banger(noun, "delete", name);
  await banger(noun, "pull", name);
  return undefined;
}

/** Creates the VM, or starts it, or leaves it as it runs. */
async function bringUp() {
  /** @type {readonly { readonly name: string, readonly state: string }[]} */
  const vms = asked("vm", "list")["vms"];
  const state = vms.find(({ name }) => name === VM)?.state;
  if (state === "running") return "already running";
  if (state !== undefined) {
    await banger("vm", "start", VM);
    return undefined;
  }
  const create = ["vm", "create", VM, "--image", IMAGE];
  if ((await run([BANGER, ...create, "--nat"], { input: "ours" })) === 0) return undefined;
  // A computer on which no network can be had that keeps a guest from it and its neighbours can be tried out all the same.
  console.log("once more without a network:");
  await banger(...create);
  return "without a network";
}

/** @param {string[]} words */
async function banger(...words) {
  const code = await run([BANGER, ...words], { input: "ours" });
  if (code !== 0) throw new SetupProblem(`cannot go on: banger ${words.join(" ")}: ended with code ${code}, see above`);
}

/**
 * What a command says as data.
 * @param {string[]} words
 * @returns {Record<string, any>}
 */
function asked(...words) {
  const answer = answerOf([BANGER, ...words, "--json"], { errors: "shown" });
  if (answer === undefined) throw new SetupProblem(`cannot go on: banger ${words.join(" ")}: failed, see above`);
  return JSON.parse(answer);
}

/** @param {number} begin */
function sayWhatNext(begin) {
  const command = which("banger") === BANGER ? "banger" : process.cwd() === ROOT ? "dist/banger" : BANGER;
  console.log(`\nThe vm ${VM} is running; all of it took ${seconds(begin)}. What you can try now:\n`);
  console.log(`  ${command} vm shell ${VM}            a shell in it`);
  console.log(`  ${command} vm create dev --nat       another one`);
  console.log(`  ${command} vm stop ${VM}             put it away; npm start brings it back`);
}
