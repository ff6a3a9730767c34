/** What `vm stats` and `vm ports` show of the fake vms. */
import type { GuestPorts } from "../contract/schemas/guest.ts";
import type { Vm } from "../contract/schemas/vm.ts";
import type { VmStats } from "../contract/schemas/vm-stats.ts";

const MIB = 2 ** 20;

/** A VMM at 50 %, a guest at 25 %; the guest of a vm called `silent` does not answer. */
export function fakeStatsOf(vm: Vm, monotonicMs: number): VmStats {
  const isRunning = vm.state === "running";
  const answers = isRunning && vm.name !== "silent";
  const cpuMs = monotonicMs / 2;
  return {
    id: vm.id,
    name: vm.name,
    state: vm.state,
    cpus: vm.cpus,
    memoryMiB: vm.memoryMiB,
    monotonicMs,
    diskBytes: 4 * MIB,
    host: isRunning
      ? {
          processes: [
            { name: "vmm", pid: 1, cpuMs, rssBytes: 200 * MIB, pssBytes: 150 * MIB },
            { name: "helper", pid: 2, cpuMs: 0, rssBytes: 8 * MIB, pssBytes: null },
          ],
          cpuMs,
          rssBytes: 208 * MIB,
          pssBytes: 158 * MIB,
          network: { receivedBytes: 1024, sentBytes: 2048 },
        }
      : null,
    guest: answers
      ? {
          uptimeMs: monotonicMs,
          cpus: 1,
          cpu: { busyMs: monotonicMs / 4, idleMs: (monotonicMs * 3) / 4, stolenMs: 0 },
          memory: { totalBytes: 1000 * MIB, freeBytes: 500 * MIB, availableBytes: 750 * MIB },
          load: [0.5, 0.25, 0.1],
          processes: 12,
          network: { receivedBytes: 10, sentBytes: 20 },
          root: { totalBytes: 20 * 1024 * MIB, usedBytes: 1024 * MIB, availableBytes: 19 * 1024 * MIB },
          home: null,
        }
      : null,
    guestProblem: answers ? null : isRunning ? "the guest did not answer within 2 s" : `vm ${vm.name} is not running: it is ${vm.state}`,
  };
}

/** @param command of one of the processes: text of the guest's choice. */
export function fakePorts(command: string): GuestPorts {
  return {
    ports: [
      { protocol: "tcp", address: "0.0.0.0", port: 22, process: { pid: 310, command: "sshd -D", user: "root" } },
      { protocol: "udp", address: "127.0.0.53", port: 53, process: null },
      { protocol: "tcp", address: "::1", port: 8080, process: { pid: 4000, command, user: "dev" } },
    ],
    complete: false,
  };
}
