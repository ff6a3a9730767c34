/**
 * A world with a guest that is well and one whose agent was taken over (`test/host/fake-hostile-agent.ts`, put in the place of the fake
 * driver's).
 */
import { chmodSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BangerError } from "../../src/contract/errors.ts";
import { openClient, type Client } from "../../src/sdk/sdk.ts";
import { EXEC_DEEDS } from "../host/hostile-deeds.ts";
import { openGoods } from "./goods.ts";
import { closeWorld, openWorld, REPOSITORY, type World } from "./world.ts";

export const [GOOD, EVIL] = ["good", "evil"] as const;

/** Deeds that give the daemon as much to do as a guest can. */
export const STORMS: readonly string[] = Object.keys(EXEC_DEEDS).filter((name) => /flood|storm|bomb|ignored|ping/.test(name));

export interface HostileWorld extends AsyncDisposable {
  readonly world: World;
  readonly client: Client;
  readonly kernel: string;
  /** What the next guest does before anything is asked of it. */
  setDeed(deed: string): void;
  /** How long the guest that is well takes for one command, in milliseconds. */
  timeGood(): Promise<number>;
  /** Asks the hostile guest for its deed and bears what comes. */
  suffer(deed: string): Promise<void>;
  /** Each of the times that the good guest takes for so many commands while the other one does this again and again. */
  timeGoodDuring(deed: string, commands: number): Promise<readonly number[]>;
}

export async function openHostileWorld(): Promise<HostileWorld> {
  const { kernel } = await openGoods();
  const world = await openWorld({ config: '[drivers]\norder = ["fake"]\n[defaults]\nboot_deadline = "3s"\n', isolatedCache: true });
  const control = join(world.folder, "deed");
  const setDeed = (deed: string): void => writeFileSync(control, deed);
  await world.ok(["vm", "create", GOOD, "--kernel", kernel]);
  takeOverAgent(world, control);
  setDeed("");
  await world.ok(["vm", "create", EVIL, "--kernel", kernel]);
  const client = openClient({ socketPath: join(world.folder, "run/banger/banger.sock") });

  const timeGood = async (): Promise<number> => {
    const begun = performance.now();
    using session = await client.exec(GOOD, { argv: ["true"], env: {} });
    session.stdin.end();
    session.stdout.resume();
    session.stderr.resume();
    const exit = await session.exited;
    if (!("code" in exit) || exit.code !== 0) throw new Error(`true ended with ${JSON.stringify(exit)}`);
    return performance.now() - begun;
  };
  const suffer = async (deed: string): Promise<void> => {
    try {
      using session = await client.exec(EVIL, { argv: [deed], env: {} });
      session.stdout.resume();
      session.stderr.resume();
      await session.exited;
    } catch (error) {
      if (!(error instanceof BangerError)) throw error;
    }
  };
  return {
    world,
    client,
    kernel,
    setDeed,
    timeGood,
    suffer,
    timeGoodDuring: async (deed, commands) => {
      let isOver = false;
      const storm = (async () => {
        while (!isOver) await suffer(deed);
      })();
      const times: number[] = [];
      try {
        while (times.length < commands) times.push(await timeGood());
      } finally {
        isOver = true;
        await storm;
      }
      return times;
    },
    [Symbol.asyncDispose]: () => closeWorld(world),
  };
}

/** The daemon placed our agent in its cache, and starts every guest with it from there. */
function takeOverAgent(world: World, control: string): void {
  const folder = join(world.folder, "cache/banger/agents");
  const path = join(folder, readdirSync(folder)[0] ?? "");
  const hostile = join(REPOSITORY, "test/host/fake-hostile-agent.ts");
  renameSync(path, `${path}.good`);
  writeFileSync(path, `#!/bin/sh\nexec '${process.execPath}' '${hostile}' '${control}' "$@"\n`);
  chmodSync(path, 0o755);
}
