/** Names for vms that got none: an adjective and a noun, short enough to type. */
import type { Random } from "../system/system.ts";

const ADJECTIVES =
  "able amber bold brave brisk calm clear cosy crisp daring deft early fair fleet fond fresh gentle glad happy hardy keen kind lively lucid merry mild neat nimble noble plain proud quick quiet ready rosy sharp sleek snug solid spry steady sunny swift tidy trim vivid warm wise witty young".split(
    " ",
  );
const NOUNS =
  "acorn anchor badger beacon birch brook canoe cedar comet coral crane delta ember falcon fern fjord garnet glade harbor heron island juniper kestrel lagoon lantern larch linnet lotus maple marten meadow mesa nectar oak otter pebble pine plover quartz raven reef robin sable spruce tarn thicket topaz tulip willow wren".split(
    " ",
  );
const PLAIN_TRIES = 20;

/** A name that `isTaken` does not know. Ends: after a number of collisions a random number is added. */
export function generateName(random: Random, isTaken: (name: string) => boolean): string {
  for (let attempt = 0; ; attempt += 1) {
    const plain = `${pick(random, ADJECTIVES)}-${pick(random, NOUNS)}`;
    const name = attempt < PLAIN_TRIES ? plain : `${plain}-${random.hex(3)}`;
    if (!isTaken(name)) return name;
  }
}

function pick(random: Random, words: readonly string[]): string {
  return words[random.below(words.length)] ?? "";
}
