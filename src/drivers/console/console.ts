/**
 * The console of a vm: two named pipes that its VMM has for a serial port, and a keeper, a small process of ours that outlives the
 * daemon, writes into the log what comes out of one and passes into the other what is typed (`guest/src/keep/`).
 *
 * Laws:
 * - The pipes are there before the VMM, and the keeper's end of them is open: nothing is lost of what a guest says first.
 * - A keeper ends with its VMM, when all is in the log. It is found by its arguments, and started again when it dies before.
 * - The log is never longer on disk than its cap, and each of its bytes keeps its offset.
 */
import type { Socket } from "node:net";
import type { ProcessIdentity, System } from "../../system/system.ts";
import type { LaunchPlan, VmmRecord } from "../drivers.ts";
import { KEEPER_MARKER, vmOfKeeper } from "./console-paths.ts";
import { ConsoleKeeper } from "./console-keeper.ts";

/** A console while its VMM runs. Disposal ends the keeper and removes pipes and socket. */
export interface KeptConsole extends AsyncDisposable {
  /** From now on the keeper is started again when it dies, until this VMM has ended. */
  guard(vmm: ProcessIdentity): void;
  /** A connection whose bytes are typed to the guest; nothing comes back. */
  connect(signal: AbortSignal): Promise<Socket>;
  /** To be asked for when the VMM is gone: resolves when all that it wrote is in the log. */
  drained(): Promise<void>;
  /** Stops watching; the keeper goes on. */
  letGo(): void;
}

export interface Consoles {
  /** Makes the pipes of a vm that is to start, and starts their keeper. */
  open(plan: Pick<LaunchPlan, "vmId" | "runFolder" | "consoleLogPath" | "vmmLogPath">): Promise<KeptConsole>;
  /** Finds the console of a VMM that runs again, and starts its keeper when it is gone. */
  adopt(record: VmmRecord): Promise<KeptConsole>;
  /** Keepers found by looking, by vm id. */
  findStrays(): readonly { readonly vmId: string; readonly identity: ProcessIdentity }[];
}

export interface ConsolesOptions {
  readonly system: System;
  /** The guest agent's program for this computer: a keeper is one of its ways of life. */
  readonly agentPath: string;
  /** How much of each vm's log is kept. */
  readonly maxBytes: number;
}

export function makeConsoles(options: ConsolesOptions): Consoles {
  const { system } = options;
  const findStrays: Consoles["findStrays"] = () =>
    system.processes.findByArgument(KEEPER_MARKER).flatMap(({ argv, ...identity }) => {
      const vmId = vmOfKeeper(argv);
      return vmId === undefined ? [] : [{ vmId, identity }];
    });
  return {
    findStrays,
    open: async (plan) => {
      const keeper = new ConsoleKeeper(options, plan);
      try {
        await keeper.make();
      } catch (error) {
        await keeper[Symbol.asyncDispose]();
        throw error;
      }
      return keeper;
    },
    adopt: async ({ vmId, runFolder, identity }) => {
      const { layout } = system;
      const keeper = new ConsoleKeeper(options, { runFolder, consoleLogPath: layout.consoleLog(vmId), vmmLogPath: layout.vmmLog(vmId) });
      const found = findStrays().find((stray) => stray.vmId === vmId);
      if (found !== undefined) keeper.adopt(found.identity);
      keeper.guard(identity);
      return keeper;
    },
  };
}
