/** Damage to the bytes of a disk, by chance that a seed repeats. */
import { readFileSync, writeFileSync } from "node:fs";
import type { Chance } from "./seeded.ts";

const BLOCK = 4096;
/** Where file systems keep what they are made of. */
const EDGE_BYTES = 128 * 1024;

const placeIn = (bytes: Buffer, chance: Chance): number => {
  const edge = Math.min(EDGE_BYTES, bytes.length);
  return chance.pick([() => chance.below(edge), () => bytes.length - 1 - chance.below(edge), () => chance.below(bytes.length)])();
};

const DAMAGES: Readonly<Record<string, (bytes: Buffer, chance: Chance) => void>> = {
  "a bit": (bytes, chance) => {
    const at = placeIn(bytes, chance);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << chance.below(8));
  },
  "some bytes": (bytes, chance) => {
    for (let count = 1 + chance.below(200); count > 0; count -= 1) bytes[placeIn(bytes, chance)] = chance.below(256);
  },
  "large numbers": (bytes, chance) => {
    for (let count = 1 + chance.below(20); count > 0; count -= 1) {
      const at = placeIn(bytes, chance) & ~3;
      bytes.fill(chance.pick([0xff, 0x7f, 0]), at, at + 4);
    }
  },
  "a block of zeros": (bytes, chance) => {
    const at = placeIn(bytes, chance) & ~(BLOCK - 1);
    bytes.fill(0, at, at + BLOCK);
  },
  "a block of another": (bytes, chance) => {
    const [from, to] = [placeIn(bytes, chance), placeIn(bytes, chance)].map((at) => at & ~(BLOCK - 1)) as [number, number];
    bytes.copy(bytes, to, from, from + BLOCK);
  },
};

/** A copy of a file with something damaged in it; gives what. */
export function corrupt(from: string, to: string, chance: Chance): string {
  const bytes = readFileSync(from);
  const name = chance.pick(Object.keys(DAMAGES));
  DAMAGES[name]?.(bytes, chance);
  writeFileSync(to, bytes);
  return name;
}
