/**
 * Room `system`: the only room that touches the computer.
 *
 * Everything else gets a `System` as a parameter and asks it. That gives three things: a test can hand in a wrapped one, every
 * external effect passes one place (where failpoints hang), and the rules about danger exist once:
 *
 * - programs are argv arrays, never a shell string, always with a deadline and a signal ladder (ask, grace, force);
 * - a process is a pid *and* its start time, never a pid alone;
 * - a tree is removed in one function, which refuses what is outside our roots or reached through a link;
 * - a file that others may read appears whole: written beside, synced, renamed.
 *
 * Paths are absolute. Sizes are bytes, times are milliseconds, as the names say.
 */
import type { Duplex, Readable, Writable } from "node:stream";
import type { Socket } from "node:net";
import type { Database } from "./database.ts";
import type { FileInfo } from "./file-info.ts";
import type { Listener, TcpConnection, UdpPeer, UdpSocket } from "./internet-sockets.ts";
import type { HeldFolder } from "./hold-folder.ts";
import type { Layout } from "./layout.ts";
import type { Log } from "./log.ts";

export type { Database } from "./database.ts";
export type { FileInfo } from "./file-info.ts";
export type { HeldFolder } from "./hold-folder.ts";
export type { Listener, TcpConnection, UdpPeer, UdpSocket } from "./internet-sockets.ts";
export type { Layout } from "./layout.ts";
export type { Log } from "./log.ts";

export interface System {
  readonly layout: Layout;
  readonly log: Log;
  readonly clock: Clock;
  readonly random: Random;
  readonly files: Files;
  readonly processes: Processes;
  readonly sockets: Sockets;
  readonly databases: Databases;
}

export interface Clock {
  /** Milliseconds since the epoch. */
  nowMs(): number;
  /** Milliseconds of a clock that never goes back, with fractions. */
  monotonicMs(): number;
  /** Resolves after `ms`; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** The kernel's id of this boot. */
  bootId(): string;
}

export interface Random {
  /** `bytes` bytes from the kernel, as lower-case hex. */
  hex(bytes: number): string;
  /** An integer from 0 up to, not including, `below`. */
  below(below: number): number;
}

/** A piece of a file. */
export type Run = readonly [offset: number, bytes: number];

export interface Files {
  /** The whole file. Throws `BangerError` `not_found` `file_not_found` when there is none, `invalid` above `maxBytes`. */
  read(path: string, maxBytes: number): Promise<Uint8Array>;
  readText(path: string, maxBytes?: number): Promise<string>;
  /** A file that travels inside the program; the compiled program has it at a path that only this reads. */
  readEmbedded(path: string): Promise<Uint8Array>;
  /** Undefined when there is none. Does not follow a link at the end of the path. */
  find(path: string): Promise<FileInfo | undefined>;
  /** Whether we may read and write it; false when there is none. */
  mayUse(path: string): boolean;
  /** Names in a folder, sorted; empty when there is no such folder. */
  list(path: string): Promise<readonly string[]>;
  /** Writes beside, syncs, renames: others see the old content or the new, never a part. Mode 0600 unless given. */
  write(path: string, content: string | Uint8Array, mode?: number): Promise<void>;
  /**
   * Changes a text that several parts of the program keep together: `change` gets it, or undefined where there is no file, and
   * what it gives is written as by `write`; undefined changes nothing. Updates of one path go one after the other, so that none is lost.
   */
  update(
    path: string,
    change: (text: string | undefined) => string | undefined | Promise<string | undefined>,
    maxBytes?: number,
  ): Promise<void>;
  /** A new file of `bytes` bytes without content, sparse. Refuses an existing one. */
  makeSparse(path: string, bytes: number): Promise<void>;
  /** Grows a file to `bytes`, sparse. Never shrinks. */
  grow(path: string, bytes: number): Promise<void>;
  /** Copies a file, or a part of it: shares blocks where the filesystem can, keeps holes otherwise. Refuses an existing target. */
  copySparse(from: string, to: string, signal?: AbortSignal, part?: { readonly start: number; readonly end: number }): Promise<void>;
  /**
   * Where a file has something other than zeros, in order, in at most `most` runs of whole blocks of 4 KiB (but for the end of the file):
   * the same content has the same runs, wherever the filesystem has made holes. Short gaps are left out, and longer ones when there are too many.
   */
  findRuns(path: string, most: number, signal?: AbortSignal): Promise<readonly Run[]>;
  /** A new sparse file of `bytes` bytes, of runs that lie in `from` one after the other. Refuses an existing target. Synced. */
  spread(from: string, to: string, bytes: number, runs: readonly Run[], signal?: AbortSignal): Promise<void>;
  /** Throws with errno, of a link, too. */
  holdFolder(path: string): HeldFolder;
  /** Makes a folder and its parents, mode 0700 unless given. Existing ones stay as they are. */
  makeFolder(path: string, mode?: number): Promise<void>;
  /** Gives a file one more name, on the same filesystem. False where there is something of that name, or no file any more. */
  link(from: string, to: string): Promise<boolean>;
  /** Renames within one filesystem and syncs the parent folder. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file, a link or a socket; nothing happens when there is none. */
  removeFile(path: string): Promise<void>;
  /** Removes a tree below one of our roots; refuses everything else, and paths that pass through a link. */
  removeTree(path: string): Promise<void>;
  /** Takes the lock of a file, which is made when there is none. Undefined when another process has it; the kernel frees it when we die. */
  lock(path: string): Disposable | undefined;
  /** The same of a folder that is there, which leaves no trace in it. */
  lockFolder(path: string): Disposable | undefined;
  /** Flushes a file or folder to disk. */
  sync(path: string): Promise<void>;
  /** Makes the beginning of a file a hole, so that at most `bytes` of its end, and a block more, are kept. Offsets stay what they were. */
  forgetStart(path: string, bytes: number): Promise<void>;
  /** Offset of the first byte of a file that is no hole; its size when there is none. Throws `not_found` `file_not_found`. */
  firstData(path: string): Promise<number>;
  /** Tells each time that a file has changed, once for many changes in a row; ends with the signal. Begins to watch at once. */
  watch(path: string, signal: AbortSignal): AsyncIterable<void>;
  /** Resolves when there is nothing at `path` any more, whoever removed it. Rejects with the signal. */
  watchGone(path: string, signal: AbortSignal): Promise<void>;
  /**
   * The bytes from `start` to, not including, `end`; fewer where the file ends before. They lie in `into` when that is given and large
   * enough. Throws `not_found` `file_not_found`.
   */
  readRange(path: string, start: number, end: number, into?: Buffer): Promise<Buffer>;
  openRead(path: string, range?: { readonly start: number; readonly end?: number }): Readable;
  /** A new file to write; `flags` as for open(2), `wx` unless given. */
  openWrite(path: string, flags?: "wx" | "a", mode?: number): Writable;
  /** Free bytes for us on the filesystem of `path`. */
  freeBytes(path: string): Promise<number>;
  /** The sha256 of a file, lower-case hex. */
  sha256(path: string, signal?: AbortSignal): Promise<string>;
}

export interface RunOptions {
  readonly input?: string | Uint8Array | Readable;
  /** Added to a small environment (PATH, HOME, LANG=C.UTF-8); nothing else is inherited. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** After this the ladder starts: SIGTERM, `graceMs`, SIGKILL. */
  readonly timeoutMs: number;
  readonly graceMs?: number;
  readonly signal?: AbortSignal;
  /** Others go first: for what takes long and has a progress line. */
  readonly isPatient?: boolean;
  /** Output above this ends the program. 1 MiB unless given; each of stdout and stderr. */
  readonly maxOutputBytes?: number;
  /** Gets stdout as it comes, instead of it being kept. */
  readonly stdout?: Writable;
  /** Gets each whole line of stderr as it comes, too. */
  readonly onStderrLine?: (line: string) => void;
}

export interface RunResult {
  readonly code: number | undefined;
  readonly signal: string | undefined;
  readonly stdout: string;
  /** The last part when there was much. */
  readonly stderr: string;
}

/** A process that is still itself: pid and start time, in clock ticks since boot (`/proc/PID/stat`, field 22). */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTicks: number;
  readonly bootId: string;
}

/** A process found by looking, with the arguments it had then. */
export interface FoundProcess extends ProcessIdentity {
  readonly argv: readonly string[];
}

/** What a process has used. */
export interface ProcessUsage {
  /** Processor time of all its threads, in steps of 10 ms. */
  readonly cpuMs: number;
  readonly rssBytes: number;
  /** Undefined where the kernel does not let us look. */
  readonly pssBytes: number | undefined;
}

/** Bytes over a network card. */
export interface NetworkUsage {
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

export interface Child extends AsyncDisposable {
  readonly identity: ProcessIdentity;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly stdin: Writable;
  /** Resolves when it has ended and its pipes are drained. Never rejects. */
  readonly ended: Promise<{ readonly code: number | undefined; readonly signal: string | undefined }>;
}

export interface DetachedOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Gets stdout and stderr, appended. */
  readonly logPath: string;
  /** Open descriptors that become stdin and stdout instead of nothing and the log. They stay open here; the caller closes them. */
  readonly stdin?: number;
  readonly stdout?: number;
  /** Open descriptors that become 3, 4, ... in the program. They stay open here; the caller closes them. */
  readonly descriptors?: readonly number[];
}

export interface Processes {
  /** Who listens at an address of this computer; undefined when nobody does, or somebody whom we may not look at. */
  findListener(protocol: "tcp" | "udp", address: string, port: number): FoundProcess | undefined;
  /** Runs to the end. Does not throw for a non-zero code; throws `unavailable` `program_missing` when there is none, `timeout`, `cancelled`. */
  run(argv: readonly string[], options: RunOptions): Promise<RunResult>;
  /** As `run`, and throws `unavailable` `program_failed` with the end of stderr for any other end than code 0. */
  runOk(argv: readonly string[], options: RunOptions): Promise<RunResult>;
  /** A child with pipes; disposal walks the ladder. */
  start(argv: readonly string[], options: Omit<RunOptions, "input" | "stdout" | "maxOutputBytes">): Promise<Child>;
  /** A program in a session of its own that outlives us. `ended` resolves only while we live. */
  startDetached(
    argv: readonly string[],
    options: DetachedOptions,
  ): Promise<{
    readonly identity: ProcessIdentity;
    readonly ended: Promise<{ readonly code: number | undefined; readonly signal: string | undefined }>;
  }>;
  /** The identity of a pid now, or undefined. */
  identify(pid: number): ProcessIdentity | undefined;
  /** Whether this very process still runs (a zombie does not). Throws, as the others here, when it cannot be told, for want of descriptors, say. */
  isAlive(identity: ProcessIdentity): boolean;
  /** Whether this very process was stopped by SIGSTOP and the like; false when it is gone. */
  isStopped(identity: ProcessIdentity): boolean;
  /** Signals this very process, race-free by pidfd. False when it is gone. */
  signal(identity: ProcessIdentity, signal: "SIGTERM" | "SIGKILL" | "SIGHUP" | "SIGINT" | "SIGSTOP" | "SIGCONT"): boolean;
  /** Resolves when this very process is gone, which is looked for until it can be told; works for processes that are not our children. */
  watchEnd(identity: ProcessIdentity, signal?: AbortSignal): Promise<void>;
  /** Processes of ours whose arguments contain `marker`, by looking at /proc. Who only names it may be a stranger: look at `argv`. */
  findByArgument(marker: string): readonly FoundProcess[];
  /** What this very process has used so far; undefined when it is gone. */
  usage(identity: ProcessIdentity): Promise<ProcessUsage | undefined>;
  /** The cards of the network namespace that this very process is in, with what went over each; undefined when it is gone. */
  networkCards(identity: ProcessIdentity): Promise<ReadonlyMap<string, NetworkUsage> | undefined>;
  /** The network namespace that this very process is in, as the kernel names it in this boot; undefined when it is gone, or may not be looked at. */
  networkNamespace(identity: ProcessIdentity): string | undefined;
  /** Lets go of what this very process keeps resident without need; nothing else happens meanwhile, for some 20 ms. */
  giveBackMemory(): void;
  /** The path of a program in PATH, or undefined. */
  which(program: string): string | undefined;
}

/** Something open at a path that is to be handed to a child by `startDetached`. */
export interface OpenDescriptor {
  readonly descriptor: number;
  readonly path: string;
  /** Closes our copy of the descriptor; the path stays. */
  close(): void;
}

export interface Sockets {
  /** Binds and listens on a unix socket before anybody accepts, so that a connect works at once. Replaces a stale path. */
  listenForChild(path: string): OpenDescriptor;
  /** Makes a named pipe. Replaces a stale path. */
  makePipe(path: string): void;
  /** Opens a named pipe for a child without waiting for its other end: to read, or both ways, which makes it last while the child does. */
  openPipe(path: string, way: "read" | "both"): OpenDescriptor;
  /** Connects to a unix socket. Rejects with `unavailable` `socket_refused` or `timeout`. */
  connect(path: string, timeoutMs: number, signal?: AbortSignal): Promise<Socket>;
  /** Sends one datagram to a unix socket, at once; a path that begins with `@` is an abstract one. Throws when nobody takes it. */
  sendDatagram(path: string, text: string): void;
  /** The uid and pid of the other end of a unix socket that we accepted. */
  peerOf(socket: Duplex): { readonly uid: number; readonly pid: number } | undefined;
  /**
   * Calls back, once, soon after the other end of an accepted unix socket was closed, even though nobody reads the socket: one
   * that is read tells so itself, by `end`. Until the socket is closed.
   */
  watchPeer(socket: Duplex, onGone: () => void): void;
  /** Listens at an address of this computer; port 0 is any that is free. Each end of a connection ends for itself. Rejects with errno. */
  listenTcp(address: string, port: number, onConnection: (connection: TcpConnection) => void): Promise<Listener>;
  /** A connection to an address, of this computer or another. Rejects with errno, or `timeout`. */
  connectTcp(address: string, port: number, timeoutMs: number, signal: AbortSignal): Promise<TcpConnection>;
  /** Takes datagrams at an address of this computer, and sends from there. Rejects with errno. */
  bindUdp(address: string, port: number, onDatagram: (bytes: Uint8Array, from: UdpPeer) => void): Promise<UdpSocket>;
}

export interface Databases {
  /** Opens or makes a database (WAL, synchronous FULL, foreign keys) and brings it to the newest migration. */
  open(path: string, migrations: readonly Migration[]): Database;
  /** Opens a database that is there, to look at it as it is. Throws when it is none. */
  openToRead(path: string): Database;
}

export interface Migration {
  /** Unique over all rooms; each room has a range of its own, so that rooms add theirs independently. */
  readonly number: number;
  readonly name: string;
  readonly sql: string;
}
