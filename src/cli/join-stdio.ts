import type { Duplex } from "node:stream";
import { copyOutput } from "./copy-output.ts";
import type { Environment } from "./environment.ts";
import { inputFailure } from "./input-failure.ts";
import { openStdin } from "./open-stdin.ts";
import { rendererFor } from "./renderers.ts";

/** Joins stdin and stdout to a connection, and ends it when the other side has ended, whatever is still on stdin. */
export async function joinStdio(connection: Duplex, { stdin, stdout }: Environment): Promise<void> {
  const { promise: unreadable, reject } = Promise.withResolvers<never>();
  const source = openStdin(stdin.descriptor, false);
  source.on("error", (error: unknown) => reject(inputFailure(error, "the connection was ended")));
  source.pipe(connection);
  try {
    await Promise.race([copyOutput(connection, process.stdout, rendererFor(stdout)), unreadable]);
  } finally {
    connection.destroy();
  }
}
