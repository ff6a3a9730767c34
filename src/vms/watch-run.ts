/**
 * What goes wrong with a guest that runs on: known while it lasts, found again by the next daemon, never stored. The cause may be
 * that nothing can be stored.
 */
import { BangerError } from "../contract/errors.ts";
import type { RunningVmm } from "../drivers/drivers.ts";
import type { VmDependencies } from "./dependencies.ts";
import type { VmBoot } from "./vm-record.ts";

const LOOK_MS = 1000;
/** A guest that goes on, or starts, with less on the host would be held again at once. */
export const ENOUGH_BYTES = 64 * 2 ** 20;
const ENOUGH = "64 MiB";

export interface WatchedRun {
  readonly vmm: RunningVmm;
  readonly networkMode: VmBoot["networkMode"];
  /** It may change. */
  readonly vmName: () => string;
  /** Whether it is to stand still even when there is room. */
  readonly isPaused: () => boolean;
  /** Told when the host's disk holds the guest, and when that is over. */
  readonly onHeld: (isHeld: boolean) => void;
}

export interface RunWatch extends AsyncDisposable {
  /** Whether the host's disk holds the guest. */
  readonly isHeld: boolean;
  /** What is wrong now, for people. */
  readonly problems: readonly string[];
  /** Throws `unavailable` `vm_held` when the guest cannot answer. */
  requireAwake(): void;
}

/** Disposal ends the watching. */
export function watchRun({ vmm, networkMode, vmName, isPaused, onHeld }: WatchedRun, dependencies: VmDependencies): RunWatch {
  const { system, network } = dependencies;
  const { clock, files, layout, log } = system;
  const over = new AbortController();
  const { signal } = over;
  const isShared = networkMode === "rootless" || networkMode === "rooted";
  let isHeld = false;
  let isFolderGone = false;

  const setHeld = (value: boolean): void => {
    if (value === isHeld) return;
    isHeld = value;
    log.warn(value ? "a guest is held: the disk is full" : "a guest goes on: there is room again", { vm: vmName() });
    onHeld(value);
  };
  const waitForRoom = async (): Promise<void> => {
    do await clock.sleep(LOOK_MS, signal);
    // Last whether it is paused: a pause that comes later reaches the VMM after the resume.
    while ((await files.freeBytes(layout.roots.state)) < ENOUGH_BYTES || isPaused());
  };
  const goOnWhenHeld = async (): Promise<void> => {
    for (;;) {
      await vmm.watchHeld(signal);
      setHeld(true);
      await waitForRoom();
      try {
        await vmm.resume();
        setHeld(false);
      } catch (error) {
        log.warn("cannot let a guest go on", { vm: vmName(), error });
      }
    }
  };
  const runFolder = layout.vmRunFolder(vmm.record.vmId);
  const noteFolderGone = async (): Promise<void> => {
    for (;;) {
      await files.watchGone(runFolder, signal);
      isFolderGone = true;
      log.warn("the run folder of a running guest was removed", { vm: vmName() });
      do await clock.sleep(LOOK_MS, signal);
      while ((await files.find(runFolder)) === undefined);
      isFolderGone = false;
    }
  };
  const watches = [goOnWhenHeld, noteFolderGone].map((watch) =>
    watch().catch((error: unknown) => {
      if (!signal.aborted) log.error("gave up watching a guest", { vm: vmName(), error });
    }),
  );
  const restart = (): string => `banger vm stop ${vmName()}, then banger vm start ${vmName()}`;
  void vmm.exited.then(() => over.abort());

  return {
    get isHeld() {
      return isHeld;
    },
    get problems() {
      return [
        ...(isHeld ? [`the host's disk is full: the guest is held until ${ENOUGH} are free`] : []),
        ...(isShared && network.problem !== undefined ? [`its way out to the network is not there: ${network.problem}`] : []),
        ...(isFolderGone ? [`its run folder ${runFolder}, through which it is reached, was removed: ${restart()}`] : []),
      ];
    },
    requireAwake: () => {
      if (!isHeld) return;
      const why = `the host's disk is full, and the guest is held until ${ENOUGH} are free`;
      throw new BangerError("unavailable", "vm_held", `vm ${vmName()} does not answer: ${why}`, {
        hint: "free some space: banger vm delete --force NAME, or df -h",
      });
    },
    [Symbol.asyncDispose]: async () => {
      over.abort();
      await Promise.all(watches);
    },
  };
}
