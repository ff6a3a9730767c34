#!/usr/bin/env bun
/**
 * The entry of the command line and, by `banger daemon run`, of the daemon. Nothing is imported here but a string: even the
 * runtime's own modules take longer to load than `banger version` takes.
 */
import { VERSION } from "../contract/version.ts";

const argv = process.argv.slice(2);

if (argv.length === 1 && (argv[0] === "version" || argv[0] === "--version")) console.log(`banger ${VERSION}`);
else {
  const { runCli } = await import("./run-cli.ts");
  const { readEnvironment } = await import("./read-environment.ts");
  const environment = readEnvironment(process.env);
  const runDaemon = async (readyDescriptor: number | undefined): Promise<void> =>
    (await import("../daemon/run-daemon.ts")).runDaemon(process.env, readyDescriptor);
  const openLocalWork = async () => (await import("../daemon/local-work.ts")).makeLocalWork(process.env, environment.self);
  process.exit(await runCli(argv, { ...environment, runDaemon, openLocalWork }));
}
