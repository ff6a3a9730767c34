import type net from "node:net";
import { BangerError } from "../contract/errors.ts";
import { encodeJsonFrame, FRAME, type ExecSpec } from "../contract/frames.ts";
import { VERBS } from "../contract/verbs.ts";
import { buildRequest } from "./build-request.ts";
import { openUpgraded } from "./open-upgraded.ts";

/** The stream of a command in a vm; the command has been sent. It travels with the request, for the daemon's yes takes as long as its start. */
export async function openExec(socketPath: string, version: string, vm: string, spec: ExecSpec): Promise<net.Socket> {
  return openUpgraded(socketPath, version, buildRequest(VERBS["vm.exec"], { vm }), encodeSpec(spec));
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
