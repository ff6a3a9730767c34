/** Vms: made, started, paused, changed, ended and deleted. */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dumpDatabase, listVms } from "../../support/world-state.ts";
import type { CrashWorld } from "../crash-world.ts";
import { NAME, OTHER_NAME, type Step, type Target } from "./step.ts";

const create = (more: readonly string[] = []) => ["vm", "create", NAME, ...more] as const;
const withKernel = ({ goods }: CrashWorld, words: readonly string[]): readonly string[] => [...words, "--kernel", goods.kernel];

const ofVm = {
  look: ({ world }: CrashWorld): Target => (listVms(world).find(({ name }) => name === NAME)?.state as Target | undefined) ?? "absent",
  reset: async ({ world }: CrashWorld): Promise<void> => {
    for (const { name } of listVms(world)) if (name === NAME || name === OTHER_NAME) await world.ok(["vm", "delete", "--force", name]);
  },
};
const absent = { ...ofVm, before: "absent", prepare: async () => undefined } as const;
const stopped = {
  ...ofVm,
  before: "stopped",
  prepare: async (crash: CrashWorld) => void (await crash.world.ok(withKernel(crash, create(["--no-start"])))),
} as const;
export const running = {
  ...ofVm,
  before: "running",
  prepare: async (crash: CrashWorld) => void (await crash.world.ok(withKernel(crash, create()))),
} as const;
const paused = {
  ...ofVm,
  before: "paused",
  prepare: async (crash: CrashWorld) => {
    await running.prepare(crash);
    await crash.world.ok(["vm", "pause", NAME]);
  },
} as const;

export const VM_STEPS: readonly Step[] = [
  { ...absent, name: "vm create", words: (crash) => withKernel(crash, create()), done: "running", between: ["stopped"] },
  { ...absent, name: "vm create --nat", words: (crash) => withKernel(crash, create(["--nat"])), done: "running", between: ["stopped"] },
  {
    ...absent,
    name: "vm create --network",
    prepare: makeNetwork,
    words: (crash) => withKernel(crash, create(["--network", NETWORK])),
    done: "running",
    between: ["stopped"],
  },
  { ...absent, name: "vm create --ephemeral", words: (crash) => withKernel(crash, create(["--ephemeral"])), done: "running" },
  { ...absent, name: "vm create --no-start", words: (crash) => withKernel(crash, create(["--no-start"])), done: "stopped" },
  { ...stopped, name: "vm start", words: () => ["vm", "start", NAME], done: "running" },
  { ...running, name: "vm stop", words: () => ["vm", "stop", NAME], done: "stopped" },
  { ...running, name: "vm kill", words: () => ["vm", "kill", NAME], done: "stopped" },
  {
    ...running,
    name: "vm kill of an ephemeral one",
    prepare: async (crash) => void (await crash.world.ok(withKernel(crash, create(["--ephemeral"])))),
    words: () => ["vm", "kill", NAME],
    done: "absent",
  },
  { ...stopped, name: "vm delete", words: () => ["vm", "delete", NAME], done: "absent" },
  { ...running, name: "vm delete --force", words: () => ["vm", "delete", "--force", NAME], done: "absent", between: ["stopped"] },
  { ...running, name: "vm pause", words: () => ["vm", "pause", NAME], done: "paused" },
  { ...paused, name: "vm resume", words: () => ["vm", "resume", NAME], done: "running" },
  {
    ...running,
    name: "vm set",
    words: () => ["vm", "set", NAME, "--memory", "300M", "--env", "CHANGED=1"],
    done: "changed",
    look: (crash) => (planOf(crash).includes("CHANGED") ? "changed" : ofVm.look(crash)),
  },
  {
    ...running,
    name: "vm set --network",
    prepare: async (crash) => {
      await makeNetwork(crash);
      await crash.world.ok(withKernel(crash, create(["--nat"])));
    },
    words: () => ["vm", "set", NAME, "--network", NETWORK],
    done: "changed",
    look: (crash) => (planOf(crash).includes(`"network":"${NETWORK}"`) ? "changed" : ofVm.look(crash)),
  },
  {
    ...running,
    name: "vm forward",
    // A port of its own in each run, so that no two get in each other's way.
    words: () => ["vm", "forward", NAME, "0:7000"],
    done: "changed",
    look: (crash) => (planOf(crash).includes(FORWARDED) ? "changed" : ofVm.look(crash)),
  },
  {
    ...running,
    name: "vm forward --remove",
    prepare: async (crash) => {
      await running.prepare(crash);
      await crash.world.ok(["vm", "forward", NAME, "--reverse", "9:7000"]);
    },
    words: () => ["vm", "forward", NAME, "--reverse", "9:7000", "--remove"],
    done: "running",
    look: (crash) => (planOf(crash).includes(FORWARDED) ? "changed" : ofVm.look(crash)),
    before: "changed",
  },
  {
    ...running,
    name: "vm rename",
    words: () => ["vm", "rename", NAME, OTHER_NAME],
    done: "changed",
    look: (crash) => (listVms(crash.world).some(({ name }) => name === OTHER_NAME) ? "changed" : ofVm.look(crash)),
  },
  {
    ...running,
    name: "vm cp",
    isPassedOn: true,
    words: (crash) => ["vm", "cp", fileToCopy(crash), `${NAME}:${copyOf(crash)}`],
    done: "running",
    reset: async (crash) => {
      await running.reset(crash);
      // The guests of driver fake share our files.
      rmSync(copyOf(crash), { force: true });
    },
  },
  { ...running, name: "vm exec", isPassedOn: true, words: () => ["vm", "exec", NAME, "--", "true"], done: "running" },
];

/** It stays: what is in it is what a step is about. */
async function makeNetwork({ world }: CrashWorld): Promise<void> {
  const { networks } = await world.json<{ networks: readonly { name: string }[] }>(["network", "list"]);
  if (networks.length === 0) await world.ok(["network", "create", NETWORK]);
}

const NETWORK = "shop";

function fileToCopy({ world }: CrashWorld): string {
  const path = join(world.folder, "to-copy");
  writeFileSync(path, "copied ".repeat(60_000));
  return path;
}

const copyOf = ({ world, driver }: CrashWorld): string => (driver === "fake" ? join(world.folder, "copied") : "/root/copied");

const FORWARDED = `"guestPort":7000`;

const planOf = ({ world }: CrashWorld): string => String(dumpDatabase(world).vms.find(({ name }) => name === NAME)?.["plan"]);
