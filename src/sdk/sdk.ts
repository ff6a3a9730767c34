/**
 * Room `sdk`: a typed client of the daemon. It needs the contract and nothing else, and starts fast: no schema library is
 * loaded; the daemon is the one that parses.
 *
 *     const client = openClient({ socketPath: daemonSocketOf(findRoots(process.env)) });
 *     const vm = await client.call("vm.create", { name: "dev", memory: "2G" }, { onEvent: (event) => console.log(event) });
 *     const session = await client.exec("dev", { argv: ["uname", "-a"], env: {} });
 *     session.stdin.end();
 *     session.stdout.pipe(process.stdout);
 *     console.log(await session.exited);
 *
 * Laws:
 * - A failure that the daemon told is thrown as the `BangerError` that it was.
 * - Nobody listening at the socket is `unavailable` `daemon_unreachable`.
 * - A daemon that hangs is `unavailable` `daemon_silent` after ten seconds: it answers nothing, not even which it is.
 * - A connection that drops while an operation runs is made again, and the events go on with the next number.
 */
import type { Duplex, Readable, Writable } from "node:stream";
import type { ConsoleEnd } from "../contract/console-frames.ts";
import type { CopyProblemCode } from "../contract/copy-frames.ts";
import type { CopyCounts } from "../contract/copy-messages.ts";
import type { OperationEvent } from "../contract/events.ts";
import type { ExecExit, ExecSpec } from "../contract/frames.ts";
import type { OutputOf, RequestOf } from "../contract/operation.ts";
import type { NameOfKind, Operations } from "../contract/operation-table.ts";

/** Operations that are answered with an output. */
export type CallableName = NameOfKind<"query" | "change" | "long">;
export type Request<Name extends CallableName> = RequestOf<Operations[Name]>;
export type Output<Name extends CallableName> = OutputOf<Operations[Name]>;

export interface CallOptions {
  /** Each event of a long operation, in order, the outcome too. */
  readonly onEvent?: (event: OperationEvent) => void;
  /** The id of a long operation, as soon as it is recorded: `operation.cancel` takes it. */
  readonly onOperation?: (operationId: string) => void;
  /** Ends the waiting, not the operation. */
  readonly signal?: AbortSignal;
}

/** A command that runs in a guest. Disposal ends the connection; the command then gets SIGHUP. */
export interface ExecSession extends Disposable {
  /** At the pace of the guest. Its end is the end of the command's stdin. */
  readonly stdin: Writable;
  /** Both have to be read: who does not read one stops the other as well. */
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves after all output was handed over. Rejects when the command could not start or the connection broke. */
  readonly exited: Promise<ExecExit>;
  resize(rows: number, columns: number): void;
  /** Sends a signal, by number, to the command. */
  signal(number: number): void;
}

/** Something that was not copied as it is. */
export interface CopyProblem {
  readonly code: CopyProblemCode;
  /** Text of a guest, when it told of the problem, as the message is: to be escaped before a terminal shows it. */
  readonly path: string;
  readonly message: string;
}

export interface CopyOptions {
  /** Goes on with what an earlier copy left, and sends no file again whose size and time are the same. */
  readonly resume?: boolean;
  /** With `resume`: compares contents instead of times. */
  readonly checksum?: boolean;
  /** Sends what links lead to in their place. */
  readonly follow?: boolean;
  /** Into a guest: `user` or `user:group` there that everything is to belong to; root when absent. */
  readonly owner?: string;
  /** What was done so far; often. */
  readonly onProgress?: (counts: CopyCounts) => void;
  /** Each problem, when it is found. Everything else goes on. */
  readonly onProblem?: (problem: CopyProblem) => void;
  /** Ends the copy. What arrived is kept for one with `resume`. */
  readonly signal?: AbortSignal;
}

export interface CopyResult extends CopyCounts {
  /** How much could not be copied as it is. */
  readonly problems: number;
}

/** Where a log goes on: an offset for those on the host, a cursor for the guest's own. */
export interface LogPlace {
  readonly from?: number;
  readonly cursor?: string | undefined;
}

/** A terminal's end of a vm's serial port. Disposal detaches. */
export interface ConsoleSession extends Disposable {
  /** What the guest writes, each piece with its offset in the console's log. Ends with the vm's run, and when the connection breaks. */
  readonly output: AsyncGenerator<{ readonly offset: number; readonly bytes: Uint8Array }>;
  /** Once the output has ended: how the vm did; undefined when the connection broke, and one may attach again. */
  readonly ended: ConsoleEnd | undefined;
  /** Types to the guest; resolves when there is room for more: with false when the connection was gone before. */
  type(bytes: Uint8Array): Promise<boolean>;
}

export interface Client {
  /** Runs an operation to its output. */
  call<Name extends CallableName>(name: Name, request: Request<Name>, options?: CallOptions): Promise<Output<Name>>;
  /** The events of an operation from a number to its outcome. */
  events(operationId: string, from?: number, signal?: AbortSignal): AsyncIterable<OperationEvent>;
  /** Starts a command in a running vm. */
  exec(vm: string, spec: ExecSpec): Promise<ExecSession>;
  /**
   * A TCP connection to 127.0.0.1:`port` in a running vm: each side ends its own. Throws `refused` `guest_port_closed`.
   */
  dial(vm: string, port: number): Promise<Duplex>;
  /** The bytes of one connection to the sshd of a running vm, after `ssh.prepare`. */
  openSsh(vm: string): Promise<Duplex>;
  /** Copies files and folders of this computer to a path in a running vm; both are taken as `cp` takes them. */
  copyIn(vm: string, from: readonly string[], to: string, options?: CopyOptions): Promise<CopyResult>;
  /** Copies files and folders of a running vm to a path on this computer. Nothing outside of that path is touched, whatever the guest sends. */
  copyOut(vm: string, from: readonly string[], to: string, options?: CopyOptions): Promise<CopyResult>;
  /** A log as it grows, over one connection. `followLog` makes a whole of several. */
  openLog(request: RequestOf<Operations["vm.follow"]>, signal?: AbortSignal): Promise<AsyncIterable<unknown>>;
  /** Attaches to the serial port of a running vm: from an offset on, or with its last lines. */
  openConsole(vm: string, from?: number): Promise<ConsoleSession>;
}

export { followLog, isBreak } from "./follow-log.ts";
export { openClient, type ClientOptions } from "./open-client.ts";
export { launchDaemon, type LaunchOptions } from "./launch-daemon.ts";
export { watchDaemonEnd } from "./watch-daemon-end.ts";
