import type { OperationName } from "../contract/operation-table.ts";
import type { VerbField } from "../contract/verb.ts";
import { VERBS } from "../contract/verbs.ts";
import type { Command } from "./command.ts";

const VM: VerbField = {
  name: "vm",
  flag: "vm",
  type: "string",
  required: true,
  brief: "name or id of the vm",
  placeholder: "NAME",
  completes: "vm",
};

/** A boolean flag of the command line alone. */
function flag(name: string, alias: string | undefined, brief: string): VerbField {
  return { name, flag: name, type: "boolean", required: false, default: false, ...(alias === undefined ? {} : { alias }), brief };
}

function text(name: string, placeholder: string, brief: string, type: VerbField["type"] = "string"): VerbField {
  return { name, flag: name, type, required: false, brief, placeholder };
}

/** What a copy is from or to; it is read as one by `copy-places.ts`. */
function place(name: string, placeholder: string, brief: string): VerbField {
  return { ...text(name, placeholder, brief), required: true };
}

const INTERACTIVE = flag("interactive", "i", "pass stdin on to the command");
const TTY = flag("tty", "t", "give the command a terminal; its output then reaches yours unescaped");
const ENV: VerbField = { ...text("env", "KEY=VALUE", "set an environment variable; may be repeated", "environment"), alias: "e" };
const CWD = text("cwd", "DIR", "folder to run in; the user's home when left out");
const USER: VerbField = { ...text("user", "USER", "user to run as, or USER:GROUP; root when left out"), alias: "u" };

/** Commands that call several operations, or none. */
const COMPOSED: readonly Command[] = [
  {
    words: ["vm", "run"],
    aliases: [["run"]],
    summary: "Create a vm and run a command in it",
    detail:
      "Ends with the command's own exit code, and with 125 when banger itself failed. Without a command it says how to use the new vm; with -it and no command it opens a shell.",
    fields: [...VERBS["vm.create"].fields.filter(({ name }) => name !== "start"), INTERACTIVE, TTY],
    positional: [],
    rest: { placeholder: "COMMAND", required: false },
    passesGuestCode: true,
    examples: [
      { command: "banger run --ephemeral -- uname -a", does: "one command in a vm of its own, which is deleted afterwards" },
      { command: "banger run --name dev -it", does: "a new vm and a shell in it" },
      { command: "tar c . | banger run --ephemeral -i -- tar t", does: "with stdin passed on" },
    ],
    load: async () => (await import("./commands/run.ts")).run,
  },
  {
    words: ["vm", "exec"],
    aliases: [["exec"]],
    summary: "Run a command in a vm",
    detail:
      "Ends with the command's own exit code, or 128 plus the number of the signal that ended it. When the command cannot be run it is 127 (there is none) or 126, and when banger itself failed 125.",
    fields: [VM, INTERACTIVE, TTY, ENV, CWD, USER],
    positional: ["vm"],
    rest: { placeholder: "COMMAND", required: true },
    passesGuestCode: true,
    examples: [
      { command: "banger exec dev -- uname -a", does: "run one command" },
      { command: "banger exec -it dev -- top", does: "one that needs a terminal" },
      { command: "banger exec -i dev -- sh -c 'cat > notes.txt' < notes.txt", does: "copy a file into the vm" },
    ],
    load: async () => (await import("./commands/exec.ts")).exec,
  },
  {
    words: ["vm", "shell"],
    aliases: [["shell"]],
    summary: "Open a login shell in a vm",
    detail: "Ends with the shell's own exit code. What runs in it may drive your terminal, as over ssh.",
    hasJson: false,
    fields: [VM, ENV, CWD, USER],
    positional: ["vm"],
    passesGuestCode: true,
    examples: [{ command: "banger shell dev", does: "bash where the image has it, else sh" }],
    load: async () => (await import("./commands/shell.ts")).shell,
  },
  {
    words: ["vm", "cp"],
    aliases: [["cp"]],
    summary: "Copy files and folders between this computer and a vm",
    detail:
      "One side is a place in a vm, NAME:PATH; a PATH that does not begin with / begins at root's home, or the owner's. What stands where is taken as cp takes it: into DST where that is a folder, under the name DST where it is not, and SRC/. means what is in SRC. Folders are copied whole, with modes, times, links as links, and holes as holes. In the vm all of it belongs to root, or to --owner; here to you. Devices, FIFOs and sockets are left out, and told. Each file gets its name when it is whole and its sha256 is verified. Exit code 1 when something could not be copied; everything else is.",
    fields: [
      place("source", "SRC", "what to copy, NAME:PATH for one in a vm"),
      place("destination", "DST", "where to, NAME:PATH for one in a vm"),
      flag("resume", "c", "go on with a copy that was cut off; files of the same size and time are not sent again"),
      flag("checksum", undefined, "as --resume, but compare contents instead of times"),
      flag("follow", "L", "copy what links lead to, in their place"),
      text("owner", "USER", "who is to own it in the vm, USER or USER:GROUP; root when left out"),
      flag("recursive", "r", "changes nothing: folders are always copied whole"),
    ],
    positional: ["source", "destination"],
    repeat: "source",
    examples: [
      { command: "banger cp notes.md dev:", does: "one file into the home in a vm" },
      { command: "banger cp dev:/var/log ./logs", does: "a folder out of it" },
      { command: "banger cp src/. package.json dev:/srv/app/", does: "what is in a folder, and a file, into a folder" },
      { command: "banger cp --resume disk.img dev:/srv/disk.img", does: "go on with one that was cut off" },
    ],
    load: async () => (await import("./commands/cp.ts")).cp,
  },
  daemon("start", "Start the daemon, unless it runs", "done before by every command that needs it"),
  daemon("stop", "Stop the daemon; vms run on", "for example after an upgrade"),
  daemon("status", "Show whether a daemon runs, and which", "whether one runs; exit code 3 when none does"),
  daemon("run", "Run the daemon in the foreground", "for a service manager; it logs to stderr"),
  {
    words: ["version"],
    aliases: [],
    summary: "Show the version of banger",
    fields: [],
    positional: [],
    examples: [{ command: "banger version", does: "the same as banger --version" }],
    load: async () => (await import("./commands/version.ts")).version,
  },
  {
    words: ["internal", "daemon"],
    aliases: [],
    summary: "Run the daemon for the command that started it",
    fields: [],
    positional: [],
    hidden: true,
    examples: [],
    load: async () => (await import("./commands/daemon.ts")).daemon,
  },
];

function daemon(verb: string, summary: string, does: string): Command {
  return {
    words: ["daemon", verb],
    aliases: [],
    summary,
    fields: [],
    positional: [],
    examples: [{ command: `banger daemon ${verb}`, does }],
    load: async () => (await import("./commands/daemon.ts")).daemon,
  };
}

/** Every command: one for each operation, but for those that are composed. */
export const COMMANDS: readonly Command[] = [
  ...Object.entries(VERBS)
    .filter(([, verb]) => !verb.composed)
    .map(([name, verb]) => ({ ...verb, load: async () => (await import("./commands/operation.ts")).operation(name as OperationName) })),
  ...COMPOSED,
];
