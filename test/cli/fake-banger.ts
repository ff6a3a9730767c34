/** The command line over a daemon whose services are fakes: everything is real but the vms. */
import { isatty } from "node:tty";
import { runCli } from "../../src/cli/run-cli.ts";
import type { Environment, Terminal } from "../../src/cli/environment.ts";
import { makeFakeServices } from "../../src/daemon/fake-services.ts";
import { runDaemon } from "../../src/daemon/run-daemon.ts";

const terminal = (descriptor: number): Terminal => ({ descriptor, isTerminal: isatty(descriptor) });
const environment: Environment = {
  variables: process.env,
  self: [process.execPath, import.meta.path],
  stdin: terminal(0),
  stdout: terminal(1),
  stderr: terminal(2),
  hasColour: process.env["NO_COLOR"] === undefined,
  runDaemon: (readyDescriptor) =>
    runDaemon(readyDescriptor, async ({ system }) => {
      const services = makeFakeServices(system);
      services.consoleText = process.env["FAKE_CONSOLE"] ?? services.consoleText;
      return { ...services, [Symbol.asyncDispose]: async () => undefined };
    }),
};

process.exit(await runCli(process.argv.slice(2), environment));
