/** A vm's place on a network, in the words by which the rooms `network`, `drivers` and `agent` understand each other. */

/** What the VMM is given. */
export type LinkEnd =
  | { readonly kind: "none" }
  /** A TAP of that name that is there, in a network namespace that a program is run in by putting `enter` before it. */
  | { readonly kind: "tap"; readonly name: string; readonly mac: string; readonly enter: readonly string[] }
  | { readonly kind: "user"; readonly mac: string };

/** What the guest sets up on its side. */
export interface GuestAddress {
  /** `52:54:00:12:34:56`. */
  readonly mac: string;
  /** `10.0.2.15/24`. */
  readonly address: string;
  readonly gateway: string;
  readonly dns: readonly string[];
  readonly search: readonly string[];
  readonly mtu: number;
}
