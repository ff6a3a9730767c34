/** Why nothing can listen at an address of this computer, in words, and what to do about it. */
import { basename } from "node:path";
import { pid } from "node:process";
import type { Forward } from "../contract/schemas/forward.ts";
import type { Processes } from "../system/system.ts";
import type { TakenForward } from "./ports.ts";

/** A forward that is open, and whose. */
export interface HeldForward {
  readonly forward: Forward;
  readonly vmName: string;
}

export interface Owners {
  /** What is open of vms. */
  readonly held: readonly HeldForward[];
  /** What else of this very process may listen, in words. */
  readonly ourselves: string;
  readonly processes: Pick<Processes, "findListener">;
}

/** @param error what listening threw. */
export function whyTaken(forward: Forward, error: unknown, { held, ourselves, processes }: Owners): TakenForward {
  const { address, hostPort, protocol } = forward;
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  switch (code) {
    case "EADDRINUSE": {
      const owner = held.find((other) => clashes(other.forward, forward));
      if (owner !== undefined)
        return { forward, why: `vm ${owner.vmName} listens there`, hint: `${OTHER}, or take it from vm ${owner.vmName}` };
      const process = processes.findListener(protocol, address, hostPort);
      if (process?.pid === pid) return { forward, why: `${ourselves} listens there`, hint: OTHER };
      const who = process === undefined ? "another program" : `${basename(process.argv[0] ?? "a program")} (pid ${process.pid})`;
      return { forward, why: `${who} listens there`, hint: OTHER };
    }
    case "EACCES":
    case "EPERM":
      return { forward, why: `you may not listen on port ${hostPort}, which is for root`, hint: "a port of the host from 1024 on" };
    case "EADDRNOTAVAIL":
      return { forward, why: `this computer has no address ${address}`, hint: "one of: ip -brief address" };
    default:
      return { forward, why: error instanceof Error ? error.message : String(error), hint: OTHER };
  }
}

const OTHER = "another port of the host, or 0 for any that is free";

/** Whether both cannot listen: an address that stands for all is in the way of each of its family. */
function clashes(one: Forward, other: Forward): boolean {
  if (one.protocol !== other.protocol || one.hostPort !== other.hostPort) return false;
  const isSix = (forward: Forward): boolean => forward.address.includes(":");
  const isAll = ({ address }: Forward): boolean => address === "0.0.0.0" || address === "::";
  return isSix(one) === isSix(other) && (one.address === other.address || isAll(one) || isAll(other));
}
