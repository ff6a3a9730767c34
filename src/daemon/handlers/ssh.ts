import type { HandlersOf } from "../handler.ts";

/** A guest may be busy with its start. */
const PREPARE_MS = 60_000;

export const sshHandlers: HandlersOf<"ssh"> = {
  "ssh.places": ({ ssh }) => ssh.places(AbortSignal.timeout(PREPARE_MS)),
  "ssh.prepare": ({ ssh }, input) => ssh.prepare(input.vm, AbortSignal.timeout(PREPARE_MS)),
  "ssh.connect": ({ ssh }, input, signal) => ssh.connect(input.vm, signal),
};
