/**
 * The plan of addresses inside banger's network namespace. Each vm has a slot: a TAP with a network of its own, of which the
 * namespace has the first address and the guest the second. Pure.
 *
 * All of it lies in 198.19.0.0/16, the upper half of what RFC 2544 keeps for measuring networks: nobody's local network is there, so
 * that no guest's own address hides something which it was granted.
 */

/** The card by which everything leaves: pasta's. */
export const UPLINK = {
  name: "up0",
  address: "198.19.255.2",
  prefix: 24,
  /** What is sent there arrives at the host's loopback, and only for whom it was granted. */
  gateway: "198.19.255.1",
  /** What is asked there is asked of the host's own resolver. */
  dns: "198.19.255.53",
  mac: "0a:62:67:00:00:01",
} as const;

/** Every address of the plan. */
export const SLOT_NETWORK = "198.19.0.0/16";
export const GUEST_PREFIX = 30;
/** The last /24 is the uplink's. */
export const SLOTS = 255 * 64;

export interface Slot {
  readonly number: number;
  /** Of the TAP. */
  readonly name: string;
  /** Of the guest's card. */
  readonly mac: string;
  readonly guest: string;
  readonly gateway: string;
}

/** @param number from 0 up to, not including, `SLOTS`. */
export function slotOf(number: number): Slot {
  const base = `198.19.${Math.floor(number / 64)}`;
  const first = (number % 64) * 4;
  const bytes = [0x52, 0x54, 0x00, 0x13, Math.floor(number / 64), number % 64];
  return {
    number,
    name: `bg${number}`,
    mac: bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(":"),
    guest: `${base}.${first + 2}`,
    gateway: `${base}.${first + 1}`,
  };
}

/** The slot whose TAP has this name; undefined for any other card. */
export function findSlot(name: string): Slot | undefined {
  const digits = /^bg(?<number>0|[1-9]\d{0,4})$/.exec(name)?.groups?.["number"];
  return digits === undefined || Number(digits) >= SLOTS ? undefined : slotOf(Number(digits));
}
