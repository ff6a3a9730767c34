import type { VmmExit } from "../drivers/drivers.ts";

/** Why a VMM ended by itself, for the problems of its vm. */
export function describeExit(exit: VmmExit): string {
  switch (exit.reason) {
    case "guest-power-off":
      return "the guest powered itself off";
    case "guest-reset":
      return `the guest reset itself: ${exit.detail}`;
    case "guest-panic":
      return `the guest's kernel panicked: ${exit.detail}`;
    case "killed":
      return "its VMM was killed by somebody else";
    case "crashed":
      return `its VMM ended: ${exit.detail}`;
  }
}
