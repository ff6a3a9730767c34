/**
 * Which members of the room change something outside of the process, and how each change is called. The tables are total: a member
 * that is added and not entered here does not compile, so no effect is without its failpoints.
 */
import type { Database } from "../database.ts";
import type { Databases, Files, Processes, Sockets } from "../system.ts";

/** A change: whether it is done when the call returns or when its promise resolves, and what it is about, from the arguments. */
export interface Effect<Given extends readonly unknown[], When> {
  readonly when: When;
  readonly subject: (...given: Given) => string;
}

type Entry<Member> = Member extends (...given: infer Given) => infer Result
  ? "look" | Effect<Given, Result extends Promise<unknown> ? "later" : "now">
  : never;
export type Effects<Part> = { readonly [Name in keyof Part]: Entry<Part[Name]> };

const now = <Given extends readonly unknown[]>(subject: (...given: Given) => string): Effect<Given, "now"> => ({ when: "now", subject });
const later = <Given extends readonly unknown[]>(subject: (...given: Given) => string): Effect<Given, "later"> => ({
  when: "later",
  subject,
});
const path = (first: string): string => first;
const program = ([first = ""]: readonly string[]): string => first.slice(first.lastIndexOf("/") + 1);

export const FILE_EFFECTS: Effects<Files> = {
  read: "look",
  readText: "look",
  readEmbedded: "look",
  find: "look",
  mayUse: "look",
  list: "look",
  write: later(path),
  update: later(path),
  makeSparse: later(path),
  grow: later(path),
  copySparse: later((_from, to) => to),
  findRuns: "look",
  spread: later((_from, to) => to),
  holdFolder: "look",
  makeFolder: later(path),
  link: later((_from, to) => to),
  rename: later((_from, to) => to),
  removeFile: later(path),
  removeTree: later(path),
  lock: now(path),
  lockFolder: now(path),
  sync: later(path),
  forgetStart: later(path),
  firstData: "look",
  watch: "look",
  watchGone: "look",
  readRange: "look",
  openRead: "look",
  openWrite: now(path),
  freeBytes: "look",
  sha256: "look",
};

export const PROCESS_EFFECTS: Effects<Processes> = {
  run: later(program),
  runOk: later(program),
  start: later(program),
  startDetached: later(program),
  identify: "look",
  isAlive: "look",
  isStopped: "look",
  signal: now((_identity, signal) => signal),
  watchEnd: "look",
  findByArgument: "look",
  findListener: "look",
  usage: "look",
  networkCards: "look",
  networkNamespace: "look",
  // Nothing outside of us.
  giveBackMemory: "look",
  which: "look",
};

export const SOCKET_EFFECTS: Effects<Sockets> = {
  listenForChild: now(path),
  makePipe: now(path),
  openPipe: "look",
  connect: later(path),
  sendDatagram: now(path),
  peerOf: "look",
  watchPeer: "look",
  listenTcp: later((address) => address),
  connectTcp: "look",
  bindUdp: later((address) => address),
};

export const DATABASE_EFFECTS: Effects<Databases> = { open: now(path), openToRead: "look" };

export const ROW_EFFECTS: Effects<Omit<Database, keyof Disposable>> = {
  run: now(nameStatement),
  all: "look",
  first: "look",
  transaction: now(() => ""),
};

/** `INSERT vms` of `INSERT OR REPLACE INTO vms (id ...`. */
function nameStatement(sql: string): string {
  const [verb = "", ...rest] = sql.trim().split(/\s+/);
  const table = rest.find((word) => !/^(?:OR|REPLACE|IGNORE|INTO|FROM|IF|NOT|EXISTS|TABLE|INDEX|UNIQUE)$/i.test(word));
  return `${verb.toUpperCase()} ${(table ?? "").replace(/\(.*$/, "")}`;
}
