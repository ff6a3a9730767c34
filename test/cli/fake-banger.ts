/** The command line over a daemon whose rooms are fakes: everything is real but the vms. */
import { readEnvironment } from "../../src/cli/read-environment.ts";
import { runCli } from "../../src/cli/run-cli.ts";
import { makeFakeRooms } from "../../src/daemon/fake-rooms.ts";
import { makeLocalWork } from "../../src/daemon/local-work.ts";
import type { Wire } from "../../src/daemon/rooms.ts";
import { runUntilSignal } from "../../src/daemon/run-until-signal.ts";
import { openFakeCopyGuest } from "./fake-copy-guest.ts";

const wire: Wire = async ({ system }) => {
  const rooms = makeFakeRooms(system);
  rooms.consoleText = process.env["FAKE_CONSOLE"] ?? rooms.consoleText;
  rooms.openCopy = async () => openFakeCopyGuest(process.env["FAKE_GUEST"] ?? "/nowhere");
  return { ...rooms, [Symbol.asyncDispose]: async () => undefined };
};

const found = readEnvironment(process.env);
const environment = {
  ...found,
  openLocalWork: async () => makeLocalWork(process.env, found.self),
  runDaemon: (readyDescriptor: number | undefined) => runUntilSignal({ environment: process.env, readyDescriptor, wire }),
};
process.exit(await runCli(process.argv.slice(2), environment));
