/** Keys that leave a console, as docker writes them: `ctrl-]`, `ctrl-p,ctrl-q`, `a`. */
import { UsageError } from "./usage-error.ts";

export const DEFAULT_DETACH_KEYS = "ctrl-]";

const MOST_KEYS = 8;

/** The bytes that the keys send. Throws `UsageError`. */
export function parseDetachKeys(text: string): Uint8Array {
  const keys = text.split(",");
  const bytes = keys.map(byteOf);
  if (keys.length > MOST_KEYS) throw new UsageError(`--detach-keys takes at most ${MOST_KEYS} keys`);
  return Uint8Array.from(bytes);
}

function byteOf(key: string): number {
  const control = /^ctrl-([a-z@[\\\]^_])$/i.exec(key)?.[1];
  if (control !== undefined) return control.toUpperCase().charCodeAt(0) & 0x1f;
  if (/^[!-~]$/.test(key)) return key.charCodeAt(0);
  throw new UsageError(`--detach-keys takes keys such as ctrl-] or ctrl-p,ctrl-q, not \`${text(key)}\``);
}

function text(key: string): string {
  return key === "" ? "nothing" : key;
}

/** How the keys are told to a person: `Ctrl-P Ctrl-Q`. */
export function wordDetachKeys(text: string): string {
  return text
    .split(",")
    .map((key) => (key.length === 1 ? key : `Ctrl-${key.slice("ctrl-".length).toUpperCase()}`))
    .join(" ");
}

/**
 * Looks for the keys in what is typed. The beginning of the keys is held back until it is known whether the rest follows; what turns
 * out to be something else goes on to the guest.
 */
export class DetachWatch {
  readonly #keys: Uint8Array;
  #held = 0;

  constructor(keys: Uint8Array) {
    this.#keys = keys;
  }

  /** What is for the guest, and whether the keys were typed; what follows them is nobody's. */
  push(typed: Uint8Array): { readonly bytes: Uint8Array; readonly isDetached: boolean } {
    const bytes: number[] = [];
    for (const byte of typed) {
      this.#advance(byte, bytes);
      if (this.#held === this.#keys.length) return { bytes: Uint8Array.from(bytes), isDetached: true };
    }
    return { bytes: Uint8Array.from(bytes), isDetached: false };
  }

  #advance(byte: number, bytes: number[]): void {
    // The longest end of what is held and this byte that the keys begin with is held from now on; what stands before it goes on.
    const seen = [...this.#keys.subarray(0, this.#held), byte];
    let skip = 0;
    while (!seen.slice(skip).every((each, at) => each === this.#keys[at])) skip += 1;
    bytes.push(...seen.slice(0, skip));
    this.#held = seen.length - skip;
  }
}
