import { expect, test } from "bun:test";
import { BangerError } from "../../contract/errors.ts";
import type { Probe } from "../../contract/probe.ts";
import { makeClock } from "../../system/clock.ts";
import { runProbes } from "./run-probes.ts";

const never = new AbortController().signal;
const probe = (name: string, look: Probe["look"], deadlineMs = 60_000): Probe => ({ name, deadlineMs, look });

test("answers come in the order of the probes, whatever each one does", async () => {
  let wasTold = false;
  const hangs: Probe["look"] = (signal) => new Promise(() => signal.addEventListener("abort", () => (wasTold = true)));
  const found = await runProbes(
    [
      probe("hangs", hangs, 20),
      probe("fine", async () => ({ status: "fine", detail: "all is well" })),
      probe("throws", () => Promise.reject(new BangerError("unavailable", "x", "it is broken", { hint: "mend it" }))),
      probe("has a bug", async () => {
        throw new TypeError("undefined is no function");
      }),
    ],
    makeClock(),
    never,
  );
  expect(found).toEqual([
    { name: "hangs", status: "missing", detail: "it did not answer in 0.02 s", hint: null },
    { name: "fine", status: "fine", detail: "all is well", hint: null },
    { name: "throws", status: "missing", detail: "it is broken", hint: "mend it" },
    { name: "has a bug", status: "missing", detail: "undefined is no function", hint: null },
  ]);
  expect(wasTold).toBe(true);
});

test("who is cancelled finds nothing", async () => {
  const cancel = new AbortController();
  const running = runProbes(
    [probe("hangs", (signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))))],
    makeClock(),
    cancel.signal,
  );
  cancel.abort(new Error("enough"));
  await expect(running).rejects.toThrow("enough");
});
