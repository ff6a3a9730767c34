/**
 * Words that other tools have for what ours are called: what is typed by habit finds its way. A verb alone means that of a vm, as in
 * `banger create`; these are the ones that are called otherwise.
 */
const COMMANDS: Readonly<Record<string, string>> = {
  ls: "ps",
  enter: "shell",
  login: "shell",
  attach: "console",
  inspect: "vm show",
  info: "vm show",
  launch: "run",
  new: "vm create",
  init: "vm create",
  up: "start",
  boot: "start",
  down: "stop",
  halt: "stop",
  poweroff: "stop",
  suspend: "pause",
  unpause: "resume",
  destroy: "rm",
  remove: "rm",
  rmi: "image delete",
  images: "image list",
  kernels: "kernel list",
  pull: "image pull",
  copy: "cp",
  scp: "cp",
  top: "stats",
  port: "ports",
  update: "set",
  log: "logs",
  status: "daemon status",
  prune: "system prune",
  df: "system df",
  events: "operation list",
};

const VERBS: Readonly<Record<string, string>> = {
  ls: "list",
  ps: "list",
  rm: "delete",
  remove: "delete",
  destroy: "delete",
  inspect: "show",
  info: "show",
  get: "pull",
  add: "import",
  new: "create",
};

const NO_VOLUME = "banger cp SRC NAME:DST: no folder of this computer is ever in a vm";

/** Flags, by the command that they are habits with. */
const FLAGS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "vm list": { "-a": "banger ps shows every vm, stopped ones too", "--all": "banger ps shows every vm, stopped ones too" },
  "vm create": { "--rm": "did you mean --ephemeral?", "-v": NO_VOLUME, "--volume": NO_VOLUME, "--mount": NO_VOLUME },
  "vm run": {
    "--rm": "did you mean --ephemeral?",
    "-d": "banger vm create, which leaves it running",
    "--detach": "banger vm create, which leaves it running",
    "-v": NO_VOLUME,
    "--volume": NO_VOLUME,
    "--mount": NO_VOLUME,
  },
  "image pull": { "--as": "did you mean --name?" },
  "vm exec": { "-w": "did you mean --cwd?", "--workdir": "did you mean --cwd?" },
  "vm stop": { "-t": "did you mean --grace?", "--time": "did you mean --grace?", "--timeout": "did you mean --grace?" },
};

/** What to say of a flag that a command does not have and others do. */
export function otherFlag(words: readonly string[], flag: string): string | undefined {
  const of = words.join(" ");
  const flags = Object.hasOwn(FLAGS, of) ? FLAGS[of] : undefined;
  return flags !== undefined && Object.hasOwn(flags, flag) ? flags[flag] : undefined;
}

/** What is meant by a word that begins a command line. */
export function otherCommand(word: string): string | undefined {
  return Object.hasOwn(COMMANDS, word) ? COMMANDS[word] : undefined;
}

/** What is meant by a word after a noun. */
export function otherVerb(word: string): string | undefined {
  return Object.hasOwn(VERBS, word) ? VERBS[word] : undefined;
}
