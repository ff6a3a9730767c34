/** Row 8: what a command costs that does next to nothing. `docker ps` has no engine to ask here, which is its quick way out. */
import { spawn } from "node:child_process";
import { closeWorld, BANGER, openWorld } from "../test/support/world.ts";
import { compare, timed, type Row } from "./measure.ts";

const RUNS = 40;

export async function* measureCommandLine(): AsyncIterable<Row> {
  const world = await openWorld();
  try {
    await world.ok(["ps"]);
    const environment = { ...world.environment, DOCKER_HOST: `unix://${world.folder}/no-engine.sock` };
    const run = (...argv: readonly string[]) => ({
      what: argv.join(" ").replace(BANGER, "banger"),
      run: () => timed(() => ended(argv, environment)),
    });
    yield await compare({
      row: 8,
      operation: "version",
      target: 0.7,
      runs: RUNS,
      ours: run(BANGER, "version"),
      other: run("docker", "--version"),
    });
    yield await compare({ row: 8, operation: "list of vms", target: 1.5, runs: RUNS, ours: run(BANGER, "ps"), other: run("docker", "ps") });
  } finally {
    await closeWorld(world);
  }
}

function ended([program = "", ...words]: readonly string[], env: Readonly<Record<string, string>>): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const child = spawn(program, words, { env, stdio: "ignore" });
  child.once("error", (cause) => reject(new Error(`cannot run ${program}; without a docker client: apt-get install docker.io`, { cause })));
  child.once("exit", () => resolve());
  return promise;
}
