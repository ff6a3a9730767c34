/** Randomness from the kernel. */
import { randomBytes, randomInt } from "node:crypto";
import type { Random } from "./system.ts";

export function makeRandom(): Random {
  return {
    hex: (bytes) => randomBytes(bytes).toString("hex"),
    below: (below) => randomInt(below),
  };
}
