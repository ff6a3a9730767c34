/**
 * The C library, for what neither Node's API nor Bun's offers. The only file that uses `bun:ffi`. Every call here returns at
 * once: FFI blocks the event loop. errno is read straight after the call, before the runtime can overwrite it.
 */
import { dlopen, ptr, read } from "bun:ffi";
import { getSystemErrorName } from "node:util";

const libc = dlopen("libc.so.6", {
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
  listen: { args: ["i32", "i32"], returns: "i32" },
  close: { args: ["i32"], returns: "i32" },
  sendto: { args: ["i32", "ptr", "u64", "i32", "ptr", "u32"], returns: "i64" },
  madvise: { args: ["u64", "u64", "i32"], returns: "i32" },
  getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
  lseek: { args: ["i32", "i64", "i32"], returns: "i64" },
  poll: { args: ["ptr", "u64", "i32"], returns: "i32" },
  mkfifo: { args: ["ptr", "u32"], returns: "i32" },
  fallocate: { args: ["i32", "i32", "i64", "i64"], returns: "i32" },
  flock: { args: ["i32", "i32"], returns: "i32" },
  futimens: { args: ["i32", "ptr"], returns: "i32" },
  utimensat: { args: ["i32", "ptr", "ptr", "i32"], returns: "i32" },
  ioctl: { args: ["i32", "u64", "i32"], returns: "i32" },
  syscall: { args: ["i64", "i64", "i64", "i64", "i64"], returns: "i64" },
  tcgetattr: { args: ["i32", "ptr"], returns: "i32" },
  tcsetattr: { args: ["i32", "i32", "ptr"], returns: "i32" },
  cfmakeraw: { args: ["ptr"], returns: "void" },
  __errno_location: { args: [], returns: "ptr" },
}).symbols;

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_NOSIGNAL = 0x4000;
const MSG_DONTWAIT = 0x40;
const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const LOCK_EX = 2;
const LOCK_NB = 4;
const SEEK_DATA = 3;
const SEEK_HOLE = 4;
const MADV_DONTNEED = 4;
const ENOENT = 2;
const ESRCH = 3;
const ENXIO = 6;
const EINVAL = 22;
const POLLHUP = 0x10;
const AT_SYMLINK_NOFOLLOW = 0x100;
const UTIME_OMIT = 0x3fffffffn;
const SECOND_NS = 1_000_000_000n;
const FALLOC_FL_KEEP_SIZE = 1;
const FALLOC_FL_PUNCH_HOLE = 2;
const FICLONE = 0x40049409;
const TCSADRAIN = 1;
/** More than a `struct termios` has on any architecture. */
const TERMIOS_BYTES = 128;
/** The same numbers on every architecture: they were added after the tables were unified. */
const SYS_PIDFD_SEND_SIGNAL = 424;
const SYS_PIDFD_OPEN = 434;

function errno(): number {
  const place = libc.__errno_location();
  return place === null ? 0 : read.i32(place, 0);
}

/** What a call of Node's would throw. */
function failure(what: string, code = errno()): Error {
  const name = getSystemErrorName(-code);
  return Object.assign(new Error(`${name}: ${what}`), { code: name });
}

/** A listening unix socket. Throws with errno. The descriptor has no close-on-exec flag: it is made to be handed on. */
export function listenUnix(path: string): number {
  const descriptor = libc.socket(AF_UNIX, SOCK_STREAM, 0);
  if (descriptor < 0) throw failure("cannot make a socket");
  const address = unixAddress(path);
  if (libc.bind(descriptor, ptr(address), address.length) !== 0 || libc.listen(descriptor, 8) !== 0) {
    const code = errno();
    libc.close(descriptor);
    throw failure(`cannot listen on ${path}`, code);
  }
  return descriptor;
}

function unixAddress(path: string): Uint8Array {
  const name = new TextEncoder().encode(path);
  const address = new Uint8Array(2 + name.length + 1);
  address[0] = AF_UNIX;
  address.set(name, 2);
  return address;
}

/** One datagram to a unix socket; `@` at the start of its path stands for the zero of an abstract one. Throws with errno. */
export function sendDatagram(path: string, text: string): void {
  const descriptor = libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) throw failure("cannot make a socket");
  try {
    // The length of an abstract name counts, and no zero ends it.
    const address = path.startsWith("@") ? unixAddress(`\0${path.slice(1)}`).slice(0, -1) : unixAddress(path);
    const bytes = new TextEncoder().encode(text);
    const flags = MSG_NOSIGNAL | MSG_DONTWAIT;
    if (Number(libc.sendto(descriptor, ptr(bytes), bytes.length, flags, ptr(address), address.length)) !== bytes.length) {
      throw failure(`cannot send to ${path}`);
    }
  } finally {
    libc.close(descriptor);
  }
}

export function closeDescriptor(descriptor: number): void {
  libc.close(descriptor);
}

/** Who is at the other end of a connected unix socket. */
export function peerCredentials(descriptor: number): { readonly pid: number; readonly uid: number; readonly gid: number } | undefined {
  const credentials = new Int32Array(3);
  const length = new Uint32Array([12]);
  if (libc.getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, ptr(credentials), ptr(length)) !== 0) return undefined;
  const [pid = 0, uid = -1, gid = -1] = credentials;
  return { pid, uid, gid };
}

/** Whether the other end of a connected unix socket is closed, whatever of its bytes is still to be read. */
export function isHungUp(descriptor: number): boolean {
  // struct pollfd: the descriptor, what is asked for (a hang-up is always told), what is so.
  const polled = new Int32Array([descriptor, 0]);
  return libc.poll(ptr(polled), 1, 0) === 1 && (((polled[1] ?? 0) >>> 16) & POLLHUP) !== 0;
}

/** Takes the lock of an open file, until the descriptor is closed. False when somebody else has it. */
export function tryLock(descriptor: number): boolean {
  return libc.flock(descriptor, LOCK_EX | LOCK_NB) === 0;
}

/** Makes `to` share the blocks of `from`. False where the filesystem cannot. */
export function cloneFile(from: number, to: number): boolean {
  return libc.ioctl(to, FICLONE, from) === 0;
}

/** A named pipe for its owner alone. Throws with errno. */
export function makeNamedPipe(path: string): void {
  if (libc.mkfifo(ptr(new TextEncoder().encode(`${path}\0`)), 0o600) !== 0) throw failure(`cannot make the pipe ${path}`);
}

/** Makes the first `bytes` bytes of a file a hole. False where the filesystem cannot. */
export function punchStart(descriptor: number, bytes: number): boolean {
  return libc.fallocate(descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, bytes) === 0;
}

/** The next run of data at or after `offset`, as it lies on disk. Undefined when only holes follow. */
export function findData(descriptor: number, offset: number): { readonly start: number; readonly end: number } | undefined {
  const start = Number(libc.lseek(descriptor, offset, SEEK_DATA));
  if (start < 0) {
    const code = errno();
    if (code === ENXIO) return undefined;
    throw failure("cannot find data in a file", code);
  }
  return { start, end: Number(libc.lseek(descriptor, start, SEEK_HOLE)) };
}

/** A descriptor that means this very process. Undefined when there is no such process. Throws when that cannot be told. */
export function openPidfd(pid: number): number | undefined {
  const descriptor = Number(libc.syscall(SYS_PIDFD_OPEN, pid, 0, 0, 0));
  if (descriptor >= 0) return descriptor;
  const code = errno();
  // A number that is a thread's is no process either; kernels differ in how they say so.
  if (code === ESRCH || code === ENOENT || code === EINVAL) return undefined;
  throw failure(`cannot look at process ${pid}`, code);
}

export function signalPidfd(descriptor: number, signal: number): boolean {
  return Number(libc.syscall(SYS_PIDFD_SEND_SIGNAL, descriptor, signal, 0, 0)) === 0;
}

/** Lets go of the resident pages of a mapping: one that was never written, or what was written is lost. Nothing happens where that may not be. */
export function dropPages({ start, bytes }: { readonly start: bigint; readonly bytes: bigint }): void {
  libc.madvise(start, bytes, MADV_DONTNEED);
}

/** Sets when an open file or folder changed, to the nanosecond; Node's own calls take seconds as a double. False when it may not be. */
export function setModifiedTime(descriptor: number, mtimeNs: bigint): boolean {
  return libc.futimens(descriptor, ptr(timesOf(mtimeNs))) === 0;
}

/** The same for a link, by its name in an open folder. */
export function setLinkModifiedTime(folder: number, name: Uint8Array, mtimeNs: bigint): boolean {
  return libc.utimensat(folder, ptr(Buffer.concat([name, Buffer.alloc(1)])), ptr(timesOf(mtimeNs)), AT_SYMLINK_NOFOLLOW) === 0;
}

/** Two `timespec`: the time of access, which stays, and that of change. */
function timesOf(mtimeNs: bigint): BigInt64Array {
  const nanos = ((mtimeNs % SECOND_NS) + SECOND_NS) % SECOND_NS;
  return new BigInt64Array([0n, UTIME_OMIT, (mtimeNs - nanos) / SECOND_NS, nanos]);
}

/**
 * Puts a terminal into raw mode, in both directions: what is typed is passed on key by key, and what is written is not changed on its way.
 * Returns the modes that it had, for `setTerminalModes`; undefined when it is no terminal, or none any more.
 */
export function makeTerminalRaw(descriptor: number): Uint8Array | undefined {
  const before = new Uint8Array(TERMIOS_BYTES);
  if (libc.tcgetattr(descriptor, ptr(before)) !== 0) return undefined;
  const raw = before.slice();
  libc.cfmakeraw(ptr(raw));
  return setTerminalModes(descriptor, raw) ? before : undefined;
}

/** Sets the modes of a terminal, after what was written has been shown. False when it is gone. */
export function setTerminalModes(descriptor: number, modes: Uint8Array): boolean {
  return libc.tcsetattr(descriptor, TCSADRAIN, ptr(modes)) === 0;
}
