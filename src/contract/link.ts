/** A vm's place on a network, in the words by which the rooms `network`, `drivers` and `agent` understand each other. */

/** What the VMM is given. */
export type LinkEnd = { readonly kind: "none" } | TapEnd | { readonly kind: "user"; readonly mac: string };

/**
 * A TAP of that name that is there, for a program that is run by putting `enter` before it: in the network namespace of the TAP, or,
 * where there is a `descriptor`, with the TAP open as that and the program where it was.
 */
export interface TapEnd {
  readonly kind: "tap";
  readonly name: string;
  readonly mac: string;
  readonly enter: readonly string[];
  readonly descriptor: number | undefined;
}

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
