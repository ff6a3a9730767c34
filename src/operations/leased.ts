/**
 * Things of one kind that leave a trace on the computer and are there for a while, such as a draft or a vm that something is made in. Each is
 * leased before it is made, and its lease goes last: what cannot be removed now, or is left by a daemon that dies, `sweep` removes.
 */
import type { Lease, Leases } from "./operations.ts";

export interface Leased {
  /**
   * Makes one, which goes when it is disposed of, or at once when making it fails.
   * @param key names it: a path, mostly.
   */
  open<T>(key: string, operationId: string | undefined, make: () => Promise<T>): Promise<OpenLeased<T>>;
  /** Whether it is being made or used. */
  isOpen(key: string): boolean;
  /** Removes those that a dead daemon has left. @param seen those that were found without their leases. */
  sweep(seen?: readonly string[]): Promise<void>;
}

export interface OpenLeased<T> extends AsyncDisposable {
  readonly made: T;
}

export interface LeasedParts {
  readonly leases: Leases;
  readonly kind: Lease["kind"];
  /** Of those of the kind; all of them when left out. */
  readonly isOurs?: (key: string) => boolean;
  /** Nothing happens when it is not there. */
  readonly remove: (key: string) => Promise<void>;
  /** Told when one that is disposed of cannot be removed now; when left out, that is thrown. */
  readonly onLeft?: (key: string, error: unknown) => void;
}

export function makeLeased({ leases, kind, isOurs = () => true, remove, onLeft }: LeasedParts): Leased {
  const openKeys = new Set<string>();
  const close = async (key: string): Promise<void> => {
    // First, or no sweep would ever take it.
    openKeys.delete(key);
    await remove(key);
    leases.drop(kind, key);
  };
  return {
    open: async (key, operationId, make) => {
      await using undo = new AsyncDisposableStack();
      openKeys.add(key);
      undo.defer(async () => {
        try {
          await close(key);
        } catch (error) {
          if (onLeft === undefined) throw error;
          onLeft(key, error);
        }
      });
      leases.write({ kind, key, vmId: undefined, operationId });
      const made = await make();
      const owned = undo.move();
      return { made, [Symbol.asyncDispose]: () => owned.disposeAsync() };
    },
    isOpen: (key) => openKeys.has(key),
    sweep: async (seen = []) => {
      const leased = leases.list().flatMap((lease) => (lease.kind === kind && isOurs(lease.key) ? [lease.key] : []));
      for (const key of new Set([...leased, ...seen])) if (!openKeys.has(key)) await close(key);
    },
  };
}
