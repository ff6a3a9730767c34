/**
 * A console's stream is made of the frames of `frames.ts`, used so:
 *
 * - the daemon begins with `started`, which says the offset of the next byte, and sends `stdout`, whose bytes count on from there.
 *   Where bytes are gone that a slow reader had not read yet, another `started` says where it goes on;
 * - the client sends `stdin`: what is typed to the guest;
 * - when the vm has stopped, the daemon ends with `exited`. A stream that ends without it was broken off.
 */

/** The payload of `started`, as JSON. */
export interface ConsolePosition {
  readonly offset: number;
}

/** The payload of `exited`, as JSON: what the vm is called now, and the state that it is in, or `deleted`. */
export interface ConsoleEnd {
  readonly name: string;
  readonly ended: string;
}
