import type { Socket } from "node:net";
import { BangerError } from "../contract/errors.ts";
import { encodeJsonFrame, FRAME, type ExecSpec } from "../contract/frames.ts";
import { VERBS } from "../contract/verbs.ts";
import { EXEC_PROTOCOL } from "../contract/version.ts";
import { openUpgrade } from "./open-upgrade.ts";

/** A connection that was upgraded to the frames of `contract/frames.ts`, paused; the command has been sent. */
export async function openExec(socketPath: string, version: string, vm: string, spec: ExecSpec): Promise<Socket> {
  const first = encodeSpec(spec);
  return openUpgrade({ socketPath, version, verb: VERBS["vm.exec"], request: { vm }, protocol: EXEC_PROTOCOL, first });
}

/** Throws `invalid` `command_too_long`. */
function encodeSpec(spec: ExecSpec): Uint8Array {
  try {
    return encodeJsonFrame(FRAME.spec, spec);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new BangerError("invalid", "command_too_long", "cannot run the command: its words and environment have more than 1 MiB", {
      hint: "give what is long on stdin, with -i, or in a file in the vm",
      cause: error,
    });
  }
}
