import { dirname } from "node:path";
import { z } from "zod";
import type { System } from "../system/system.ts";

/**
 * The file of facts that hold until the next boot: `{"bootId":..., "<key>": ...}`. It is a cache: what cannot be read or is of
 * another boot is as good as absent.
 */
const facts = z.looseObject({ bootId: z.string() });
type Facts = z.output<typeof facts>;

const MAX_BYTES = 256 * 1024;

/** The fact under `key`, of this boot and of that shape. */
export async function findHostFact<T extends z.ZodType>(system: System, key: string, shape: T): Promise<z.output<T> | undefined> {
  return shape.safeParse((await read(system))[key]).data;
}

/** Keeps a fact, and leaves those of others. */
export async function writeHostFact({ files, layout, clock }: System, key: string, value: unknown): Promise<void> {
  await files.makeFolder(dirname(layout.hostFacts));
  const bootId = clock.bootId();
  await files.update(layout.hostFacts, (text) => JSON.stringify({ ...parseFacts(text, bootId), [key]: value }), MAX_BYTES);
}

async function read({ files, layout, clock }: System): Promise<Facts> {
  const found = await files.find(layout.hostFacts);
  return parseFacts(found === undefined ? undefined : await files.readText(layout.hostFacts, MAX_BYTES), clock.bootId());
}

function parseFacts(text: string | undefined, bootId: string): Facts {
  const parsed = facts.safeParse(parseOrNothing(text ?? ""));
  return parsed.success && parsed.data.bootId === bootId ? parsed.data : { bootId };
}

function parseOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}
