import { join } from "node:path";
import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import type { Consoles } from "../console/console.ts";
import { consolePaths } from "../console/console-paths.ts";
import type { LaunchPlan, RunningVmm } from "../drivers.ts";
import { endProcess } from "../end-process.ts";
import { readTail } from "../read-tail.ts";
import { AGENT_SOCKET, FakeVmm } from "./fake-vmm.ts";

const LISTEN_DEADLINE_MS = 10_000;
const TRY_EVERY_MS = 3;

export interface AgentParts {
  readonly system: System;
  readonly consoles: Consoles;
  readonly agentPath: string;
}

/** Starts the agent as a process and waits until it listens. */
export async function launchAgent({ system, consoles, agentPath }: AgentParts, plan: LaunchPlan, signal: AbortSignal): Promise<RunningVmm> {
  const { files } = system;
  const socket = join(plan.runFolder, AGENT_SOCKET);
  const logStart = (await files.find(plan.vmmLogPath))?.bytes ?? 0;
  await using undo = new AsyncDisposableStack();
  undo.defer(() => files.removeFile(socket));
  // The name that the agent gives its socket until it listens.
  undo.defer(() => files.removeFile(`${socket}.new`));
  const root = join(plan.runFolder, "root");
  const console = undo.use(await consoles.open(plan));
  const started = await startAgent(system, [agentPath, "serve", "--listen", socket, "--root", root], plan);
  undo.defer(() => endProcess(system, started.identity, started.ended));
  console.guard(started.identity);
  const died = started.ended.then(async (end) => {
    const words = (await readTail(files, plan.vmmLogPath, logStart)).trim();
    throw new BangerError(
      "unavailable",
      "vmm_not_started",
      `cannot start the guest of ${plan.name}: the agent ended with code ${end.code}: ${words}`,
    );
  });
  died.catch(() => undefined);
  await Promise.race([died, untilListening(system, socket, signal)]);
  undo.move();
  const record = { driver: "fake", vmId: plan.vmId, identity: started.identity, runFolder: plan.runFolder };
  return new FakeVmm(system, record, { ended: started.ended, console });
}

/** With the pipes of its console as stdin and stdout, as a VMM has them that knows no other serial port. */
async function startAgent({ sockets, processes }: System, argv: readonly string[], plan: LaunchPlan) {
  const paths = consolePaths(plan.runFolder);
  const ends = [paths.input, paths.output].map((path) => sockets.openPipe(path, "both"));
  const [stdin, stdout] = ends.map(({ descriptor }) => descriptor) as [number, number];
  try {
    return await processes.startDetached(argv, { logPath: plan.vmmLogPath, stdin, stdout });
  } finally {
    for (const end of ends) end.close();
  }
}

/** The agent makes its own socket here and cannot be handed one, so there is nothing else to wait for than the socket itself. */
async function untilListening({ sockets, clock }: System, path: string, signal: AbortSignal): Promise<void> {
  const deadline = clock.monotonicMs() + LISTEN_DEADLINE_MS;
  for (;;) {
    try {
      (await sockets.connect(path, LISTEN_DEADLINE_MS, signal)).destroy();
      return;
    } catch (thrown) {
      signal.throwIfAborted();
      const isNotYet = thrown instanceof BangerError && thrown.code === "socket_refused" && clock.monotonicMs() < deadline;
      if (!isNotYet) throw thrown;
      await clock.sleep(TRY_EVERY_MS, signal);
    }
  }
}
