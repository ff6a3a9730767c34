import { BangerError, EXIT } from "../../contract/errors.ts";
import type { ImageCommands } from "../../contract/schemas/image-commands.ts";
import type { Client, Output, Request } from "../../sdk/sdk.ts";
import { callLong } from "../call-long.ts";
import { chooseCommand } from "../choose-command.ts";
import type { Run } from "../command.ts";
import type { Environment } from "../environment.ts";
import { escapeText } from "../../contract/escape-text.ts";
import { checkTerminal, execInVm, warn } from "../exec-in-vm.ts";
import { openDaemon } from "../open-daemon.ts";
import { print } from "../print.ts";
import { printJson } from "../print-json.ts";
import { LOGIN_SHELL, specOf } from "../spec-of.ts";
import { UsageError } from "../usage-error.ts";

interface OfRun {
  readonly interactive?: boolean;
  readonly tty?: boolean;
  readonly cwd?: string;
  readonly user?: string;
  readonly entrypoint?: string;
}

/** `banger run`: create, then exec, then delete what is ephemeral. */
export const run: Run = async ({ given, rest, json }, environment) => {
  const { interactive, tty, cwd, user, entrypoint, ...request } = given as Request<"vm.create"> & OfRun;
  const wishes = { interactive: interactive === true, tty: tty === true, json };
  const choose = (commands: ImageCommands): readonly string[] => chooseCommand(commands, { rest, entrypoint, ...wishes });
  if (wishes.tty && json) throw new UsageError("--json and -t exclude each other: a terminal's output is no document");
  // Before a vm is made that nobody could then use.
  checkTerminal(wishes, environment);

  const client = openDaemon(environment);
  // Neither is a vm made that would have nothing to do, or a shell that nobody could type to.
  if (rest.length === 0 && (request.ephemeral === true || (wishes.tty && !wishes.interactive))) {
    const argv = choose(await commandsOf(client, request.image));
    if (argv.length === 0) throw new UsageError("an ephemeral vm needs something to do", "give a command after --, or -it for a shell");
    if (argv === LOGIN_SHELL && !wishes.interactive) throw new UsageError("a shell reads what is typed", "give -it");
  }
  const vm = await create(client, request, environment, json);
  const argv = choose(vm.commands);
  if (argv.length === 0) {
    const next = `vm ${vm.name} is ${vm.state}\n\n  banger shell ${vm.name}\n  banger exec ${vm.name} -- COMMAND\n  banger rm --force ${vm.name}\n`;
    if (json) printJson(environment.stdout.descriptor, vm);
    else print(environment.stdout.descriptor, next);
    return EXIT.done;
  }
  try {
    return await execInVm(client, vm.id, specOf(argv, { cwd, user }), wishes, environment);
  } finally {
    if (request.ephemeral === true) await deleteVm(client, vm.id, vm.name, environment);
  }
};

/** What the image says of commands; the default one when none is named. */
async function commandsOf(client: Client, named: string | undefined): Promise<ImageCommands> {
  const { entries } = await client.call("config.show", {});
  const configured = entries.find(({ key }) => key === "default_image")?.value;
  const { commands } = await client.call("image.show", { image: named ?? String(configured) });
  return commands;
}

/** A vm that is not ready in time is kept for somebody to look at; nobody looks at an ephemeral one. */
async function create(
  client: Client,
  request: Request<"vm.create">,
  environment: Environment,
  quiet: boolean,
): Promise<Output<"vm.create">> {
  try {
    return await callLong(client, "vm.create", request, environment, quiet);
  } catch (error) {
    if (request.ephemeral === true && error instanceof BangerError && error.code === "requirement_not_met") {
      await deleteVm(client, String(error.data?.["vm"]), request.name ?? "of this run", environment);
    }
    throw error;
  }
}

async function deleteVm(client: Client, id: string, name: string, environment: Environment): Promise<void> {
  try {
    await client.call("vm.delete", { vm: id, force: true });
  } catch (error) {
    // It may have stopped by itself, and is then gone already.
    if (error instanceof BangerError && error.code === "vm_not_found") return;
    warn(environment, `cannot delete vm ${escapeText(name)}: ${escapeText(String(error))}`);
  }
}
