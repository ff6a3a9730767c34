import { expect, test } from "bun:test";
import { EventWatch } from "./event-watch.ts";
import { parseQmpLine } from "./qmp-line.ts";

function take(events: EventWatch, text: string): void {
  const line = parseQmpLine(text);
  if (line.kind !== "event") throw new Error("no event");
  events.onEvent(line);
}
async function isHeld(events: EventWatch): Promise<boolean> {
  let isSo = false;
  void events.held.then(() => (isSo = true));
  await new Promise((resolve) => setImmediate(resolve));
  return isSo;
}
/** As QEMU 7.2 says it. */
const ioError = (action: string): string =>
  `{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "BLOCK_IO_ERROR", "data": {"device": "", "nospace": true, "node-name": "work", "reason": "No space left on device", "operation": "write", "action": "${action}"}}`;

test("a guest is held from a write that stopped it until it goes on", async () => {
  const events = new EventWatch();
  take(events, ioError("report"));
  expect(await isHeld(events)).toBe(false);
  take(events, ioError("stop"));
  take(events, ioError("stop"));
  expect(await isHeld(events)).toBe(true);
  take(events, '{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "RESUME"}');
  expect(await isHeld(events)).toBe(false);
});

test("who waits from before a pause and its end is told as well", async () => {
  const events = new EventWatch();
  let isTold = false;
  void events.held.then(() => (isTold = true));
  take(events, '{"event": "STOP"}');
  take(events, '{"event": "RESUME"}');
  take(events, ioError("stop"));
  await new Promise((resolve) => setImmediate(resolve));
  expect(isTold).toBe(true);
});

test("a guest that was held before we came is known by QEMU's state", async () => {
  const events = new EventWatch();
  events.takeStatus({ status: "running", running: true });
  events.takeStatus(null);
  expect(await isHeld(events)).toBe(false);
  events.takeStatus({ status: "io-error", singlestep: false, running: false });
  expect(await isHeld(events)).toBe(true);
});

test("the last reason of an end is kept", () => {
  const events = new EventWatch();
  expect(events.shutdown).toBeUndefined();
  take(events, '{"event": "SHUTDOWN", "data": {"guest": true, "reason": "guest-reset"}}');
  expect(events.shutdown).toBe("guest-reset");
});
