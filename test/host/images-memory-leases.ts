/** Leases that last as long as the test. */
import type { Lease, Leases } from "../../src/operations/operations.ts";

export function makeMemoryLeases(): Leases {
  let leases: readonly Lease[] = [];
  return {
    write: (lease) => {
      leases = [...leases, lease];
    },
    drop: (kind, key) => {
      leases = leases.filter((lease) => lease.kind !== kind || lease.key !== key);
    },
    dropAllOf: (vmId) => {
      leases = leases.filter((lease) => lease.vmId !== vmId);
    },
    list: () => leases,
  };
}
