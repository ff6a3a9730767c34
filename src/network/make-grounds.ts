/** Every way to have a ground, as one: there is at most one ground, and whoever made it has left a note of its own. */
import type { Grounds } from "./ground.ts";
import { makeHelperGrounds, type HelperParts } from "./nethelper-ground.ts";
import { makeLocalGrounds } from "./local-ground.ts";

export function makeGrounds(parts: HelperParts): Grounds {
  const [local, helper] = [makeLocalGrounds(parts.system), makeHelperGrounds(parts)];
  return {
    open: (wanted, signal) => (wanted.by === "helper" ? helper : local).open(wanted, signal),
    find: async (claims) => (await helper.find(claims)) ?? (await local.find(claims)),
    // Notes go with the last.
    end: async () => {
      await helper.end();
      await local.end();
    },
  };
}
