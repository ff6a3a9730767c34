#!/usr/bin/env bun
/**
 * The entry of the command line and, by `banger daemon run`, of the daemon. Nothing is imported here but a string: even the
 * runtime's own modules take longer to load than `banger version` takes.
 */
import { VERSION } from "../contract/version.ts";

const argv = process.argv.slice(2);

if (argv.length === 1 && (argv[0] === "version" || argv[0] === "--version")) console.log(`banger ${VERSION}`);
else {
  const { start } = await import("./start.ts");
  process.exit(await start(argv));
}
