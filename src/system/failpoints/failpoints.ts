/**
 * Failpoints: before and after each effect the process can be made to die, to fail or to wait. Nobody places them: they are where
 * the room's effects are (`effects.ts`), so every effect that is ever added has its two.
 *
 * Off unless the environment has `BANGER_FAILPOINTS`, the path of a control file. It is read anew at each point, so that a test can
 * set a point while the daemon runs:
 *
 * - `{"record": PATH}`: the name of each point that is reached is appended to PATH, a line each;
 * - `{"point": NAME, "nth": N, "action": "kill" | "fail" | "wait"}`: at the N-th time, counted from when the file was written;
 *   the control file is then renamed to end in `.fired`;
 * - anything else, and no file: nothing.
 *
 * A name is `before` or `after`, the member, and what it is about, without what differs from run to run:
 * `before files.rename state/vms/ID/layer.ext4`.
 */
import { appendFileSync, readFileSync, renameSync } from "node:fs";
import { z } from "zod";
import { BangerError } from "../../contract/errors.ts";

const control = z.union([
  z.strictObject({ record: z.string() }),
  z.strictObject({ point: z.string(), nth: z.int().min(1), action: z.enum(["kill", "fail", "wait"]) }),
]);

/** Long enough for everything that does not depend on it to go by. */
const WAIT_MS = 400;

export class Failpoints {
  readonly #controlPath: string;
  #text = "";
  #reached = 0;

  constructor(controlPath: string) {
    this.#controlPath = controlPath;
  }

  /** Tells that a point is reached. Returns, waits, throws, or does not come back. */
  reach(name: string): void {
    const found = this.#read();
    if (found === undefined) return;
    if ("record" in found) return appendFileSync(found.record, `${name}\n`);
    if (found.point !== name) return;
    this.#reached += 1;
    if (this.#reached !== found.nth) return;
    renameSync(this.#controlPath, `${this.#controlPath}.fired`);
    if (found.action === "kill") process.kill(process.pid, "SIGKILL");
    // Stops everything, as a disk does that does not answer.
    if (found.action === "wait") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAIT_MS);
    if (found.action === "fail") throw new BangerError("unavailable", "failpoint", `cannot go on: ${name}: told to fail by a failpoint`);
  }

  #read(): z.output<typeof control> | undefined {
    let text: string;
    try {
      text = readFileSync(this.#controlPath, "utf8");
    } catch (error) {
      if (!(error instanceof Error) || !("code" in error) || error.code !== "ENOENT") throw error;
      this.#text = "";
      return undefined;
    }
    if (text !== this.#text) [this.#text, this.#reached] = [text, 0];
    return text === "" ? undefined : control.parse(JSON.parse(text));
  }
}
