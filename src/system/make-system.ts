/** The real `System`. */
import { makeBallast } from "./ballast.ts";
import { openDatabase, openDatabaseToRead } from "./database.ts";
import { makeClock } from "./clock.ts";
import { Failpoints } from "./failpoints/failpoints.ts";
import { makeFiles } from "./files.ts";
import { makeLayout } from "./layout.ts";
import { makeProcesses } from "./processes.ts";
import { makeRandom } from "./random.ts";
import { makeSockets } from "./sockets.ts";
import { withFailpoints } from "./failpoints/with-failpoints.ts";
import type { Log } from "./log.ts";
import type { System } from "./system.ts";

/** @param environment the process's environment: XDG folders, HOME, BANGER_HOME, PATH; for tests BANGER_FAILPOINTS. */
export function makeSystem(environment: Readonly<Record<string, string | undefined>>, log: Log): System {
  const layout = makeLayout(environment);
  const clock = makeClock();
  const system: System = {
    layout,
    log,
    clock,
    random: makeRandom(),
    files: makeFiles(Object.values(layout.roots)),
    processes: makeProcesses(clock, environment),
    sockets: makeSockets(),
    databases: {
      open: (path, migrations) => openDatabase(path, migrations, makeBallast(layout.ballast)),
      openToRead: openDatabaseToRead,
    },
  };
  const failpoints = environment["BANGER_FAILPOINTS"];
  return failpoints === undefined ? system : withFailpoints(system, new Failpoints(failpoints));
}
