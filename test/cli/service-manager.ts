/** Plays systemd's part for one daemon: a socket that it listens on, one where readiness is told, and the way it starts a program. */
import { dlopen, ptr } from "bun:ffi";
import { mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { closeDescriptor, listenUnix } from "../../src/system/native.ts";

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOL_SOCKET = 1;
const SO_RCVTIMEO = 20;
const WAIT_SECONDS = 20n;

const libc = dlopen("libc.so.6", {
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
  recv: { args: ["i32", "ptr", "u64", "i32"], returns: "i64" },
}).symbols;

export interface ServiceManager extends Disposable {
  /** Starts a program as systemd would: the socket is descriptor 3, and the environment says so. */
  start(argv: readonly string[], variables: Readonly<Record<string, string>>): Bun.Subprocess<"ignore", "ignore", "ignore">;
  /** The next thing that was told. Blocks, as nothing else is to happen here; empty when nothing comes in time. */
  hear(): string;
}

/** @param notifyPath a path, or with `@` an abstract one. */
export function openServiceManager(socketPath: string, notifyPath: string): ServiceManager {
  mkdirSync(dirname(socketPath), { recursive: true, mode: 0o700 });
  // As systemd does with what a dead daemon left.
  rmSync(socketPath, { force: true });
  const listening = listenUnix(socketPath);
  const notify = libc.socket(AF_UNIX, SOCK_DGRAM, 0);
  const name = Buffer.from(notifyPath.replace(/^@/, "\0"));
  const address = Buffer.concat([Buffer.from([AF_UNIX, 0]), name]);
  if (libc.bind(notify, ptr(address), address.length) !== 0) throw new Error(`cannot bind ${notifyPath}`);
  const deadline = new BigInt64Array([WAIT_SECONDS, 0n]);
  libc.setsockopt(notify, SOL_SOCKET, SO_RCVTIMEO, ptr(deadline), 16);
  return {
    start: (argv, variables) =>
      // The pid is only known to the process itself before it becomes the program.
      Bun.spawn(["sh", "-c", 'LISTEN_PID=$$ exec "$@"', "sh", ...argv], {
        env: { ...variables, LISTEN_FDS: "1", NOTIFY_SOCKET: notifyPath },
        stdio: ["ignore", "ignore", "ignore", listening],
      }),
    hear: () => {
      const bytes = Buffer.alloc(4096);
      const length = Number(libc.recv(notify, ptr(bytes), bytes.length, 0));
      return length < 0 ? "" : bytes.subarray(0, length).toString();
    },
    [Symbol.dispose]: () => {
      closeDescriptor(listening);
      closeDescriptor(notify);
    },
  };
}
