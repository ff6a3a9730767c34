/**
 * Words that other tools have for what ours are called: what is typed by habit finds its way. A verb alone means that of a vm, as in
 * `banger create`; these are the ones that are called otherwise.
 */
const COMMANDS: Readonly<Record<string, string>> = {
  ls: "ps",
  ssh: "shell",
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
  ssh: "shell",
};

/** What is meant by a word that begins a command line. */
export function otherCommand(word: string): string | undefined {
  return Object.hasOwn(COMMANDS, word) ? COMMANDS[word] : undefined;
}

/** What is meant by a word after a noun. */
export function otherVerb(word: string): string | undefined {
  return Object.hasOwn(VERBS, word) ? VERBS[word] : undefined;
}
