import { dirname, join } from "node:path";
import { BangerError, EXIT } from "../../contract/errors.ts";
import { READY_DESCRIPTOR } from "../../contract/readiness.ts";
import { VERSION } from "../../contract/version.ts";
import { openClient } from "../../sdk/open-client.ts";
import { isDaemonUp } from "../../sdk/is-daemon-up.ts";
import type { Run } from "../command.ts";
import { daemonPlace } from "../daemon-place.ts";
import type { Environment } from "../environment.ts";
import { formatAge } from "../format.ts";
import { startDaemon } from "../open-daemon.ts";
import { print } from "../print.ts";
import { printJson } from "../print-json.ts";
import { stopDaemon } from "../stop-daemon.ts";

/** `banger daemon start|stop|status|run`, and `banger internal daemon`. None of these starts a daemon by the way. */
export const daemon: Run = async ({ command, json }, environment) => {
  const say = (text: string, document: unknown): void =>
    json ? printJson(environment.stdout.descriptor, document) : print(environment.stdout.descriptor, `${text}\n`);
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
  if (started === undefined) throw isHeld(environment);
  say(`started the daemon (pid ${started.pid})`, { ...started, started: true });
  return EXIT.done;
}

/** A daemon that hangs, and whose socket was removed. */
function isHeld(environment: Environment): BangerError {
  const lock = join(dirname(daemonPlace(environment).notePath), "daemon.lock");
  return new BangerError("unavailable", "daemon_held", `cannot start the banger daemon: one runs, holds ${lock}, and listens nowhere`, {
    hint: `fuser -v ${lock}, then end what it shows`,
  });
}

async function stop(environment: Environment, say: Say): Promise<number> {
  const pid = await stopDaemon(environment);
  if (pid === undefined) say("no daemon runs", { stopped: false });
  else say(`stopped the daemon (pid ${pid}); vms run on`, { pid, stopped: true });
  return EXIT.done;
}

async function status(environment: Environment, say: Say): Promise<number> {
  const { socketPath, logPath, notePath } = daemonPlace(environment);
  // Where systemd holds the socket, asking it would start a daemon.
  const running = isDaemonUp(notePath) ? await findDaemon(environment) : undefined;
  if (running === undefined) {
    say(`no daemon runs; the next command that needs one starts it\nlog: ${logPath}`, { running: false, socket: socketPath, log: logPath });
    return EXIT.daemonUnreachable;
  }
  const { version, pid, startedAt } = running;
  const vms = version === VERSION ? await countVms(environment) : undefined;
  const counted = vms === undefined ? "" : `\nvms: ${vms.all} (${vms.running} running)`;
  const other = version === VERSION ? "" : `\nthis is banger ${VERSION}: run banger daemon stop, and the next command starts the new one`;
  say(`banger ${version} runs (pid ${pid}, since ${formatAge(startedAt)})${other}${counted}\nsocket: ${socketPath}\nlog: ${logPath}`, {
    running: true,
    ...running,
    ...(vms === undefined ? {} : { vms }),
    socket: socketPath,
    log: logPath,
  });
  return EXIT.done;
}

async function countVms(environment: Environment): Promise<{ readonly all: number; readonly running: number }> {
  const { vms } = await openClient(daemonPlace(environment)).call("vm.list", {});
  return { all: vms.length, running: vms.filter(({ state }) => state === "running").length };
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
