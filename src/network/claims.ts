/** Who has which slot, in files below `run`: written before a TAP is handed out, and read by the next daemon. */
import { join } from "node:path";
import { z } from "zod";
import type { System } from "../system/system.ts";
import type { Grants } from "./rules.ts";
import { findSlot, type Slot } from "./slots.ts";

export interface Claim {
  readonly slot: Slot;
  readonly vmId: string;
  readonly grants: Grants;
}

const written = z.strictObject({
  vmId: z.string().regex(/^[0-9a-f]{1,32}$/),
  grants: z.strictObject({
    hostPorts: z.array(z.number().int()),
    lan: z.array(z.string()),
    // An earlier version wrote none: whoever had a claim had a way out.
    outward: z.boolean().default(true),
    network: z.number().int().nullable().default(null),
  }),
});
const CLAIM_MAX_BYTES = 2 ** 16;

export interface Claims {
  write(claim: Claim): Promise<void>;
  drop(slot: Slot): Promise<void>;
  readAll(): Promise<readonly Claim[]>;
}

export function makeClaims({ files, layout, log }: System): Claims {
  const folder = join(layout.network, "claims");
  const pathOf = ({ name }: Slot): string => join(folder, name);
  return {
    write: async ({ slot, vmId, grants }) => {
      await files.makeFolder(folder);
      await files.write(pathOf(slot), JSON.stringify({ vmId, grants }));
    },
    drop: (slot) => files.removeFile(pathOf(slot)),
    readAll: async () => {
      const found = (await files.list(folder)).map(async (name): Promise<readonly Claim[]> => {
        const slot = findSlot(name);
        if (slot === undefined) return [];
        try {
          return [{ slot, ...written.parse(JSON.parse(await files.readText(pathOf(slot), CLAIM_MAX_BYTES))) }];
        } catch (error) {
          log.warn("a claim on a slot of the network cannot be read", { slot: name, error });
          return [];
        }
      });
      return (await Promise.all(found)).flat();
    },
  };
}
