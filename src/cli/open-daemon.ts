import { BangerError } from "../contract/errors.ts";
import { openClient } from "../sdk/open-client.ts";
import type { Client } from "../sdk/sdk.ts";
import { daemonPlace } from "./daemon-place.ts";
import type { Environment } from "./environment.ts";
import { print } from "./print.ts";

/** One that was started may be killed before it is asked anything. One that dies each time is told of. */
const MOST_STARTS = 3;

/** A client whose daemon is started when nobody answers. */
export function openDaemon(environment: Environment): Client {
  let client = openClient(daemonPlace(environment));
  const orStart = async <T>(ask: () => Promise<T>): Promise<T> => {
    for (let starts = 0; ; starts += 1) {
      try {
        return await ask();
      } catch (error) {
        if (!(error instanceof BangerError) || error.code !== "daemon_unreachable" || starts === MOST_STARTS) throw error;
      }
      const isOurs = await startDaemon(environment);
      // It may be that of another session, which listens elsewhere.
      client = openClient(daemonPlace(environment));
      if (isOurs) print(environment.stderr.descriptor, "started the banger daemon\n");
    }
  };
  return {
    call: (name, request, options) => orStart(() => client.call(name, request, options)),
    events: (operationId, from, signal) => client.events(operationId, from, signal),
    openLog: (request, signal) => orStart(() => client.openLog(request, signal)),
    openConsole: (vm, from) => orStart(() => client.openConsole(vm, from)),
    exec: (vm, spec) => orStart(() => client.exec(vm, spec)),
    dial: (vm, port) => orStart(() => client.dial(vm, port)),
    openSsh: (vm) => orStart(() => client.openSsh(vm)),
    copyIn: (vm, from, to, options) => orStart(() => client.copyIn(vm, from, to, options)),
    copyOut: (vm, from, to, options) => orStart(() => client.copyOut(vm, from, to, options)),
  };
}

/** Starts the daemon and waits until it listens. False when somebody else was faster. Throws why it could not. */
export async function startDaemon(environment: Environment): Promise<boolean> {
  const { launchDaemon } = await import("../sdk/launch-daemon.ts");
  return await launchDaemon({
    argv: [...environment.self, "internal", "daemon"],
    environment: environment.variables,
    ...daemonPlace(environment),
  });
}
