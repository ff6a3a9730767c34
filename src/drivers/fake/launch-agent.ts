import { join } from "node:path";
import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import type { LaunchPlan, RunningVmm } from "../drivers.ts";
import { endProcess } from "../end-process.ts";
import { readTail } from "../read-tail.ts";
import { AGENT_SOCKET, FakeVmm } from "./fake-vmm.ts";

const LISTEN_DEADLINE_MS = 10_000;
const TRY_EVERY_MS = 3;

/** Starts the agent as a process and waits until it listens. */
export async function launchAgent(system: System, agentPath: string, plan: LaunchPlan, signal: AbortSignal): Promise<RunningVmm> {
  const { files, processes } = system;
  const socket = join(plan.runFolder, AGENT_SOCKET);
  const logStart = (await files.find(plan.vmmLogPath))?.bytes ?? 0;
  await using undo = new AsyncDisposableStack();
  undo.defer(() => files.removeFile(socket));
  // The name that the agent gives its socket until it listens.
  undo.defer(() => files.removeFile(`${socket}.new`));
  const started = await processes.startDetached([agentPath, "serve", "--listen", socket], { logPath: plan.vmmLogPath });
  undo.defer(() => endProcess(system, started.identity, started.ended));
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
  return new FakeVmm(system, { driver: "fake", vmId: plan.vmId, identity: started.identity, runFolder: plan.runFolder }, started.ended);
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
