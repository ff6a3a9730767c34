/**
 * The two kinds of failure. A `BangerError` is expected and reachable by a user; anything else that is thrown is a bug
 * and is shown as one (exit 70). The eight kinds decide the HTTP status and the exit code, nothing else does.
 */

/** The eight kinds of expected failure. */
export const ERROR_KINDS = ["invalid", "not_found", "exists", "refused", "unsupported", "unavailable", "timeout", "cancelled"] as const;
export type ErrorKind = (typeof ERROR_KINDS)[number];

/** One thing wrong with input or a record. `path` is dotted, as in `disk.bytes`; empty when the whole is wrong. */
export interface Problem {
  readonly code: string;
  readonly path: string;
  readonly message: string;
  readonly hint?: string;
}

/** The shape of a failure on the socket and in `--json`. */
export interface ErrorShape {
  readonly code: string;
  readonly kind: ErrorKind | "bug";
  /** What could not be done: which thing: why. Plain text; guest bytes in it are already escaped. */
  readonly message: string;
  /** The command to type, or what to change. */
  readonly hint?: string;
  readonly problems?: readonly Problem[];
  readonly data?: Readonly<Record<string, unknown>>;
}

export interface BangerErrorOptions {
  readonly hint?: string;
  readonly problems?: readonly Problem[];
  readonly data?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/**
 * An expected failure.
 * @param kind decides exit code and HTTP status.
 * @param code stable, snake_case, for programs: `vm_not_found`.
 * @param message what could not be done: which thing: why.
 */
export class BangerError extends Error {
  override readonly name = "BangerError";
  readonly kind: ErrorKind;
  readonly code: string;
  readonly hint: string | undefined;
  readonly problems: readonly Problem[] | undefined;
  readonly data: Readonly<Record<string, unknown>> | undefined;

  constructor(kind: ErrorKind, code: string, message: string, options: BangerErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.code = code;
    this.hint = options.hint;
    this.problems = options.problems;
    this.data = options.data;
  }

  /** The failure as data. */
  toShape(): ErrorShape {
    return {
      code: this.code,
      kind: this.kind,
      message: this.message,
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      ...(this.problems === undefined ? {} : { problems: this.problems }),
      ...(this.data === undefined ? {} : { data: this.data }),
    };
  }
}

const BUG = "banger has a bug: ";

/** Any thrown value as data: a `BangerError` as it is, everything else as a bug. */
export function toErrorShape(thrown: unknown): ErrorShape {
  if (thrown instanceof BangerError) return thrown.toShape();
  // Tidying up failed as well: what came first is why.
  if (thrown instanceof SuppressedError) return toErrorShape(thrown.suppressed);
  const trouble = hostTrouble(thrown);
  if (trouble !== undefined) return trouble;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  // A bug of the daemon arrives here as an ordinary error that says so already.
  return { code: "bug", kind: "bug", message: message.startsWith(BUG) ? message : `${BUG}${message}` };
}

/** What a computer may run out of or refuse at any moment: no bug of ours, whoever meets it. */
const HOST_TROUBLES: Readonly<Record<string, readonly [what: string, hint: string]>> = {
  ENOSPC: ["the disk is full", "free some space: df -h"],
  EDQUOT: ["your quota on the disk is used up", "free some space: quota"],
  EIO: ["the disk does not answer", "look at what the kernel says of it: sudo dmesg"],
  EROFS: ["the file system is read-only", "look at what the kernel says of it: sudo dmesg"],
  EMFILE: ["too many files are open", "banger daemon stop, and try again; vms run on"],
  ENFILE: ["too many files are open on this computer", "end some programs, and try again"],
  ENOMEM: ["there is not enough memory", "end some programs, and try again"],
  SQLITE_CORRUPT: ["the database is damaged", "banger doctor"],
  EAGAIN: ["no more processes can be started", "end some programs, and try again"],
};
/** SQLite tells such a thing in its own words. */
const SQLITE_TROUBLES: readonly (readonly [RegExp, string])[] = [
  [/database or disk is full/, "ENOSPC"],
  [/disk I\/O error|unable to open database file/, "EIO"],
  [/out of memory/, "ENOMEM"],
  // Also what a disk makes of it that gives back other bytes than it was given.
  [/malformed|file is not a database/, "SQLITE_CORRUPT"],
  [/readonly database/, "EROFS"],
];

function hostTrouble(thrown: unknown): ErrorShape | undefined {
  if (!(thrown instanceof Error) || !("code" in thrown)) return undefined;
  const name =
    SQLITE_TROUBLES.find(([said]) => thrown.code === "ERR_SQLITE_ERROR" && said.test(thrown.message))?.[1] ?? String(thrown.code);
  const found = HOST_TROUBLES[name];
  if (found === undefined) return undefined;
  const [what, hint] = found;
  return { code: `host_${name.toLowerCase()}`, kind: "unavailable", message: `${what}: ${thrown.message}`, hint };
}

/** The failure that a shape describes, to throw on the other side of the socket. A bug stays an ordinary `Error`. */
export function fromErrorShape(shape: ErrorShape): Error {
  if (shape.kind === "bug") return new Error(shape.message);
  return new BangerError(shape.kind, shape.code, shape.message, {
    ...(shape.hint === undefined ? {} : { hint: shape.hint }),
    ...(shape.problems === undefined ? {} : { problems: shape.problems }),
    ...(shape.data === undefined ? {} : { data: shape.data }),
  });
}

/** What to type after a daemon ended in the middle of an operation. */
export function hintAfterDeath(operation: string): string {
  if (operation !== "vm.create") return "banger ps shows what is left; try again";
  return "banger ps; a vm that is listed goes on by banger start NAME, one that is not was not made";
}

/** The HTTP status of each kind. */
export const HTTP_STATUS: Readonly<Record<ErrorKind | "bug", number>> = {
  invalid: 400,
  not_found: 404,
  exists: 409,
  refused: 409,
  unsupported: 422,
  unavailable: 503,
  timeout: 504,
  cancelled: 499,
  bug: 500,
};

/** Exit codes of the CLI: 0 done, 1 refused or failed, 2 wrong usage, 3 daemon unreachable, 70 bug. */
export const EXIT = { done: 0, failed: 1, usage: 2, daemonUnreachable: 3, bug: 70, guestFailure: 125 } as const;
