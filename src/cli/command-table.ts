import type { OperationName } from "../contract/operation-table.ts";
import { VERBS } from "../contract/verbs.ts";
import { CATALOG_COMMANDS } from "./catalog-commands.ts";
import type { Command } from "./command.ts";
import { CONNECTION_COMMANDS } from "./connection-commands.ts";
import { CWD, ENTRYPOINT, ENV, INTERACTIVE, LINES, QUIET, SHELL, TTY, USER, VM, flag, place, text } from "./command-fields.ts";
import { PUBLISH_COMMANDS } from "./publish-commands.ts";

/** Commands that call several operations, or none. */
const COMPOSED: readonly Command[] = [
  {
    words: ["vm", "run"],
    aliases: [["run"]],
    summary: "Create a vm and run a command in it",
    detail:
      "What is run is the image's entrypoint with the command behind it; without a command, the entrypoint with the image's own. Where the image has neither, -it opens a shell, and without -it the vm is made and it is said how to use it; so it is, too, where the image's command is a mere shell and there is neither -i nor -t. Ends with the command's own exit code, and with 125 when banger itself failed.",
    fields: [...VERBS["vm.create"].fields.filter(({ name }) => name !== "start"), INTERACTIVE, TTY, CWD, USER, ENTRYPOINT],
    positional: [],
    rest: { placeholder: "COMMAND", required: false },
    passesGuestCode: true,
    examples: [
      { command: "banger run --ephemeral -- uname -a", does: "one command in a vm of its own, which is deleted afterwards" },
      { command: "banger run --name dev -it", does: "a new vm and a shell in it" },
      { command: "banger run --image web", does: "what the image is for" },
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
    detail:
      "Ends with the shell's own exit code. What runs in it may draw on your terminal, but neither read nor write the clipboard, nor have the terminal type.",
    hasJson: false,
    fields: [VM, ENV, CWD, USER],
    positional: ["vm"],
    passesGuestCode: true,
    examples: [{ command: "banger shell dev", does: "bash where the image has it, else sh" }],
    load: async () => (await import("./commands/shell.ts")).shell,
  },
  {
    words: ["vm", "console"],
    aliases: [["console"]],
    summary: "Attach to the console of a vm",
    detail:
      "The console is the guest's serial port, ttyS0. What the guest writes is shown, its last lines first, and may draw on your terminal as what runs in banger shell may; what you type reaches the guest. Whether anything there reads it is the guest's business: a guest with init agent has no login on it, and in one with systemd the login on ttyS0 is masked, because it slows down the start; `systemctl unmask --runtime serial-getty@ttyS0 && systemctl start serial-getty@ttyS0` in the guest brings it. For a shell take banger shell. When the daemon is restarted the console goes on where it was; a key that is pressed at that very moment may be lost.",
    hasJson: false,
    fields: [
      VM,
      text("offset", "OFFSET", "show the console from this offset on, instead of its last lines", "integer"),
      {
        ...text("detachKeys", "KEYS", "keys that leave the console, as in ctrl-p,ctrl-q", "string"),
        flag: "detach-keys",
        default: "ctrl-]",
      },
      { ...text("input", "", "type nothing to the guest; so it is without a terminal, too", "boolean"), flag: "no-input", default: true },
    ],
    positional: ["vm"],
    examples: [
      { command: "banger console dev", does: "until Ctrl-] is typed" },
      { command: "banger console dev --offset 0 --no-input", does: "all bytes that are kept, and those that come" },
    ],
    load: async () => (await import("./commands/console.ts")).console,
  },
  ...CONNECTION_COMMANDS,
  {
    words: ["vm", "logs"],
    jsonBrief: "one JSON document on stdout; with -f one a line, as it comes",
    aliases: [["logs"]],
    summary: "Show or follow a log of a vm",
    detail:
      "Sources: console, what the guest's kernel and init wrote to the serial port; agent, the lines of it that are the agent's; vmm, what the VMM said; network, what the processes of its network said; guest, the guest's own log, from systemd's journal or /var/log/syslog or messages, while it runs. Of a console the last 16 MiB are kept, or what the config says. With -f it goes on, over restarts of the daemon too, until the vm has stopped. --since is exact to a second and a few lines: it shows rather a little more than too little. vmm and network have no times. A day or time of day is that of this place. What could drive a terminal is spelled out, into a pipe too; --json has it as it came.",
    fields: [...VERBS["vm.logs"].fields, flag("follow", "f", "go on with what comes, until the vm has stopped or Ctrl-C")],
    positional: ["vm"],
    examples: [
      { command: "banger logs dev", does: "the end of the console" },
      { command: "banger logs -f dev --tail 20", does: "its last 20 lines, and what comes" },
      { command: "banger logs dev --since 10m", does: "what came in the last 10 minutes" },
      { command: "banger logs dev --source guest", does: "the log that the guest itself keeps" },
      { command: "banger logs dev --from 0 --bytes 4M --json", does: "by offset, as data" },
    ],
    load: async () => (await import("./commands/logs.ts")).logs,
  },
  {
    words: ["vm", "follow"],
    jsonBrief: LINES,
    aliases: [],
    summary: "Follow a log of a vm",
    detail: "The same as banger logs -f.",
    fields: VERBS["vm.follow"].fields,
    positional: ["vm"],
    examples: VERBS["vm.follow"].examples,
    load: async () => (await import("./commands/logs.ts")).follow,
  },
  { ...VERBS["system.doctor"], load: async () => (await import("./commands/doctor.ts")).doctor },
  {
    ...VERBS["system.prune"],
    fields: [...VERBS["system.prune"].fields.filter(({ name }) => name !== "before"), flag("yes", "y", "do not ask")],
    load: async () => (await import("./commands/prune.ts")).systemPrune,
  },
  {
    ...VERBS["image.prune"],
    fields: [...VERBS["image.prune"].fields.filter(({ name }) => name !== "before"), flag("yes", "y", "do not ask")],
    load: async () => (await import("./commands/prune.ts")).imagePrune,
  },
  {
    ...VERBS["vm.stats"],
    jsonBrief: "one JSON document on stdout; with -w one a line, as it comes",
    fields: [
      ...VERBS["vm.stats"].fields,
      flag("watch", "w", "go on until Ctrl-C: in place on a terminal, else a line for each vm at each interval"),
      { ...text("interval", "DURATION", "time between two looks; at least 100ms", "duration"), default: "1s" },
    ],
    load: async () => (await import("./commands/stats.ts")).stats,
  },
  {
    words: ["vm", "cp"],
    aliases: [["cp"]],
    summary: "Copy files and folders between this computer and a vm",
    detail:
      "One side is a place in a vm, NAME:PATH; a PATH that does not begin with / begins at root's home, or the owner's. What stands where is taken as cp takes it: into DST where that is a folder, under the name DST where it is not, and SRC/. means what is in SRC. Folders are copied whole, with modes (but setuid, setgid and sticky), times, links as links, and holes as holes; hard links become files of their own, and a link under the name of DST is replaced. In the vm neither * nor ~ is expanded. In the vm all of it belongs to root, or to --owner; here to you. Devices, FIFOs and sockets are left out, and told. Each file gets its name when it is whole and its sha256 is verified; one that --resume or --checksum finds to be there gets mode and time, and with --owner its owner. Exit code 1 when something could not be copied; everything else is.",
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
  daemon("status", "Show whether a daemon runs, which, and how many vms it has", "whether one runs; exit code 3 when none does"),
  daemon("run", "Run the daemon in the foreground", "for a service manager; it logs to stderr"),
  {
    words: ["daemon", "install"],
    aliases: [],
    summary: "Have systemd start the daemon when somebody connects",
    detail:
      "Writes a socket and a service unit for your own service manager, and has it listen. A running daemon is stopped before; vms run on. systemd ends what is yours when you log out, vms too, unless you linger: sudo loginctl enable-linger. With --system it is a daemon of root's for the whole computer, below /var/lib/banger; who may connect to its socket is root.",
    fields: [flag("system", undefined, "for the whole computer, as root"), flag("print", undefined, "show the units, install nothing")],
    positional: [],
    examples: [
      { command: "banger daemon install", does: "for you alone" },
      { command: "banger daemon install --print", does: "see what would be written, and where" },
    ],
    load: async () => (await import("./commands/daemon-install.ts")).daemonInstall,
  },
  {
    words: ["daemon", "uninstall"],
    aliases: [],
    summary: "Undo banger daemon install; vms run on",
    fields: [flag("system", undefined, "those for the whole computer, as root")],
    positional: [],
    examples: [{ command: "banger daemon uninstall", does: "the daemon starts again by the command that needs it" }],
    load: async () => (await import("./commands/daemon-install.ts")).daemonInstall,
  },
  {
    words: ["daemon", "logs"],
    jsonBrief: LINES,
    aliases: [],
    summary: "Show the log of the daemon",
    detail: "Works when no daemon runs. With --json each line is one entry.",
    fields: [
      { ...text("tail", "LINES", "the last lines alone; 100 when left out, all with --since", "integer"), alias: "n" },
      text("since", "TIME", "from this moment on: 10m ago, 2026-11-25, or 2026-11-25T14:00:00Z"),
      flag("follow", "f", "go on with what is added, until Ctrl-C"),
    ],
    positional: [],
    examples: [
      { command: "banger daemon logs", does: "the end of it" },
      { command: "banger daemon logs -f --tail 0", does: "what is said from now on" },
    ],
    load: async () => (await import("./commands/daemon-logs.ts")).daemonLogs,
  },
  {
    words: ["network", "helper"],
    aliases: [],
    summary: "Keep the network of a user's vms, as root, where the user may make none",
    detail:
      "Where user namespaces are forbidden, a user who is not root has no network for vms that isolates them. Root can run this instead, once: it makes the network namespace of that one user, and changes it as the user's daemon asks, in numbers and addresses alone. Run by sudo it serves who typed that. It stays in the foreground; when it is told to end it takes down what no vm uses. With --print it shows a unit for systemd, whose program lies there once this has run.",
    fields: [
      text("user", "USER", "whom to serve, by name or number; who typed sudo when left out", "string"),
      flag("print", undefined, "show a unit for systemd, change nothing"),
    ],
    positional: [],
    examples: [
      { command: "banger network helper", does: "by sudo, for who typed that, until Ctrl-C" },
      { command: "banger network helper --user ada --print", does: "a unit that runs it for ada from each boot on" },
    ],
    load: async () => (await import("./commands/nethelper.ts")).nethelper,
  },
  ...CATALOG_COMMANDS,
  ...PUBLISH_COMMANDS,
  {
    words: ["completion"],
    aliases: [],
    summary: "Print what has a shell complete banger",
    detail: "Put the line of the example into the file that your shell reads when it starts.",
    fields: [SHELL],
    positional: ["shell"],
    examples: [
      { command: "banger completion bash", does: "in ~/.bashrc: source <(banger completion bash)" },
      { command: "banger completion zsh", does: "in ~/.zshrc, after compinit: source <(banger completion zsh)" },
      { command: "banger completion fish", does: "in ~/.config/fish/config.fish: banger completion fish | source" },
    ],
    load: async () => (await import("./commands/completion.ts")).completion,
  },
  {
    words: ["internal", "complete"],
    aliases: [],
    summary: "Say what could stand in the place of the last word",
    fields: [SHELL],
    positional: ["shell"],
    rest: { placeholder: "WORD", required: false },
    hidden: true,
    examples: [],
    load: async () => (await import("./commands/completion.ts")).complete,
  },
  {
    ...VERBS["image.make-bundle"],
    fields: VERBS["image.make-bundle"].fields.map((field) => (field.name === "from" ? { ...field, required: false } : field)),
    hidden: true,
    load: async () => (await import("./commands/make-bundle.ts")).makeBundle,
  },
  {
    ...VERBS["system.version"],
    fields: [flag("all", "a", "also daemon, guest agent and drivers, and the agents of vms that run")],
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
    .map(([name, verb]) => ({
      ...verb,
      ...(verb.kind === "events" ? { jsonBrief: LINES } : {}),
      ...(verb.repeat === undefined ? {} : { jsonBrief: "one JSON document on stdout; a list of them where several are named" }),
      fields: [...verb.fields, ...(verb.quiet === undefined ? [] : [QUIET])],
      load: async () => (await import("./commands/operation.ts")).operation(name as OperationName),
    })),
  ...COMPOSED,
];
