import { z } from "zod";

/** One line of QEMU's monitor protocol, as far as we use it. QEMU adds keys with its versions, so unknown ones pass. */
export type QmpLine =
  | { readonly kind: "greeting" }
  | { readonly kind: "return"; readonly id: number; readonly value: unknown }
  | { readonly kind: "error"; readonly id: number; readonly description: string }
  | { readonly kind: "event"; readonly name: string; readonly data: Readonly<Record<string, unknown>> };

const line = z.union([
  z.object({ QMP: z.object({}) }).transform((): QmpLine => ({ kind: "greeting" })),
  z.object({ return: z.unknown(), id: z.number() }).transform((value): QmpLine => ({ kind: "return", id: value.id, value: value.return })),
  z
    .object({ error: z.object({ desc: z.string() }), id: z.number() })
    .transform((value): QmpLine => ({ kind: "error", id: value.id, description: value.error.desc })),
  z
    .object({ event: z.string(), data: z.record(z.string(), z.unknown()).default({}) })
    .transform((value): QmpLine => ({ kind: "event", name: value.event, data: value.data })),
]);

/** Throws for anything else. */
export function parseQmpLine(text: string): QmpLine {
  return line.parse(JSON.parse(text));
}
