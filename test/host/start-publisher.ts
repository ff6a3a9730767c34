import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Publisher } from "../support/publishing.ts";
import { ACCESS, type FakeS3 } from "./fake-s3.ts";

export const TO = "s3://kernels";

export interface Wanted {
  readonly names: readonly string[];
  readonly catalog?: string;
  readonly argv?: (command: readonly string[]) => readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Publishes in a process of its own. */
export function startPublisher(us: Publisher, s3: FakeS3, { names, catalog, argv = (command) => command, env = {} }: Wanted) {
  const request = { folder: us.folder, to: TO, names, ...(catalog === undefined ? {} : { catalog }) };
  const command = argv([process.execPath, join(import.meta.dir, "fake-publisher.ts"), JSON.stringify(request)]);
  const child = spawn(command[0] ?? "", command.slice(1), {
    env: { PATH: process.env["PATH"], ...ACCESS, AWS_ENDPOINT_URL: s3.endpoint, ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (part: Buffer) => (said += part.toString()));
  const ended = once(child, "close").then(() => ({ code: child.exitCode, signal: child.signalCode, said }));
  return { child, ended };
}
