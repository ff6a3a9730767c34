import type { Readable } from "node:stream";
import { BangerError } from "../contract/errors.ts";
import type { ExecExit } from "../contract/frames.ts";
import { jsonLine } from "../contract/json-line.ts";
import type { ExecSession } from "../sdk/sdk.ts";
import { print } from "./print.ts";

const MAX_BYTES = 64 * 2 ** 20;

/** Keeps what a command writes and prints one JSON document of it: `{"code", "stdout", "stderr"}`, or `signal` for the code. */
export async function captureOutput(session: ExecSession, descriptor: number): Promise<ExecExit> {
  const [exit, stdout, stderr] = await Promise.all([session.exited, readText(session.stdout), readText(session.stderr)]);
  print(descriptor, jsonLine({ ...exit, stdout, stderr }));
  return exit;
}

async function readText(stream: Readable): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) {
      throw new BangerError("refused", "output_too_large", "cannot put the command's output into a document: it is larger than 64 MiB", {
        hint: "leave out --json",
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
