/** The command line over a daemon whose services are fakes: everything is real but the vms. */
import { runCli } from "../../src/cli/run-cli.ts";
import { readEnvironment } from "../../src/cli/start.ts";
import { makeFakeServices } from "../../src/daemon/fake-services.ts";
import { runDaemon } from "../../src/daemon/run-daemon.ts";

const code = await runCli(process.argv.slice(2), {
  ...readEnvironment(process.env),
  self: [process.execPath, import.meta.path],
  runDaemon: (readyDescriptor) =>
    runDaemon(readyDescriptor, async ({ system }) => {
      const services = makeFakeServices(system);
      services.consoleText = process.env["FAKE_CONSOLE"] ?? services.consoleText;
      return { ...services, [Symbol.asyncDispose]: async () => undefined };
    }),
});
process.exit(code);
