import { dirname } from "node:path";
import { z } from "zod";
import type { System } from "../system/system.ts";

/**
 * The file of facts that hold until the next boot: `{"bootId":..., "<key>": ...}`. It is a cache: what cannot be read or is of
 * another boot is as good as absent, and when two processes write at once, one of the facts is found out again.
 */
const facts = z.looseObject({ bootId: z.string() });
type Facts = z.output<typeof facts>;

const MAX_BYTES = 256 * 1024;

/** The fact under `key`, of this boot and of that shape. */
export async function findHostFact<T extends z.ZodType>(system: System, key: string, shape: T): Promise<z.output<T> | undefined> {
  return shape.safeParse((await read(system))[key]).data;
}

/** Keeps a fact, and leaves those of others. */
export async function writeHostFact(system: System, key: string, value: unknown): Promise<void> {
  const { files, layout } = system;
  const all = await read(system);
  await files.makeFolder(dirname(layout.hostFacts));
  await files.write(layout.hostFacts, JSON.stringify({ ...all, [key]: value }));
}

async function read({ files, layout, clock }: System): Promise<Facts> {
  const fresh = { bootId: clock.bootId() };
  if ((await files.find(layout.hostFacts)) === undefined) return fresh;
  const parsed = facts.safeParse(parseOrNothing(await files.readText(layout.hostFacts, MAX_BYTES)));
  return parsed.success && parsed.data.bootId === fresh.bootId ? parsed.data : fresh;
}

function parseOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}
