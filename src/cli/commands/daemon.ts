import { BangerError, EXIT } from "../../contract/errors.ts";
import { jsonLine } from "../../contract/json-line.ts";
import { READY_DESCRIPTOR } from "../../contract/readiness.ts";
import { VERSION } from "../../contract/version.ts";
import { openClient } from "../../sdk/open-client.ts";
import { watchDaemonEnd } from "../../sdk/watch-daemon-end.ts";
import type { Run } from "../command.ts";
import { daemonPlace } from "../daemon-place.ts";
import type { Environment } from "../environment.ts";
import { formatAge } from "../format.ts";
import { startDaemon } from "../open-daemon.ts";
import { print } from "../print.ts";

/** `banger daemon start|stop|status|run`, and `banger internal daemon`. None of these starts a daemon by the way. */
export const daemon: Run = async ({ command, json }, environment) => {
  const say = (text: string, document: unknown): void => print(environment.stdout.descriptor, json ? jsonLine(document) : `${text}\n`);
  switch (command.words.join(" ")) {
    case "daemon start":
      return start(environment, say);
    case "daemon stop":
      return stop(environment, say);
    case "daemon status":
      return status(environment, say);
    case "daemon run":
      await environment.runDaemon(undefined);
      return EXIT.done;
    default:
      // The failure was told to who started us, and it is in the log.
      return environment.runDaemon(READY_DESCRIPTOR).then(
        () => EXIT.done,
        () => EXIT.failed,
      );
  }
};

type Say = (text: string, document: unknown) => void;

async function start(environment: Environment, say: Say): Promise<number> {
  const running = await findDaemon(environment);
  if (running !== undefined) {
    say(`the daemon runs already (banger ${running.version}, pid ${running.pid})`, { ...running, started: false });
    return EXIT.done;
  }
  await startDaemon(environment);
  const started = await findDaemon(environment);
  say(`started the daemon (pid ${started?.pid})`, { ...started, started: true });
  return EXIT.done;
}

async function stop(environment: Environment, say: Say): Promise<number> {
  const { socketPath } = daemonPlace(environment);
  try {
    using watched = await watchDaemonEnd(socketPath);
    const { pid } = await openClient({ socketPath }).call("daemon.stop", {});
    await watched.ended;
    say(`stopped the daemon (pid ${pid}); vms run on`, { pid, stopped: true });
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    say("no daemon runs", { stopped: false });
  }
  return EXIT.done;
}

async function status(environment: Environment, say: Say): Promise<number> {
  const running = await findDaemon(environment);
  const { socketPath, logPath } = daemonPlace(environment);
  if (running === undefined) {
    say(`no daemon runs; the next command that needs one starts it\nlog: ${logPath}`, { running: false, socket: socketPath, log: logPath });
    return EXIT.daemonUnreachable;
  }
  const { version, pid, startedAt } = running;
  const other = version === VERSION ? "" : `\nthis is banger ${VERSION}: run banger daemon stop, and the next command starts the new one`;
  say(`banger ${version} runs (pid ${pid}, since ${formatAge(startedAt)})${other}\nsocket: ${socketPath}\nlog: ${logPath}`, {
    running: true,
    ...running,
    socket: socketPath,
    log: logPath,
  });
  return EXIT.done;
}

async function findDaemon(environment: Environment) {
  try {
    return await openClient(daemonPlace(environment)).call("daemon.version", {});
  } catch (error) {
    if (isUnreachable(error)) return undefined;
    throw error;
  }
}

function isUnreachable(error: unknown): boolean {
  return error instanceof BangerError && error.code === "daemon_unreachable";
}
