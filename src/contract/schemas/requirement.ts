/** What a guest needs to be ready, besides an agent that answers: named, each with a deadline and a hint. */
import { z } from "zod";

/** How many a vm may have, its image's among them. */
export const MOST_REQUIREMENTS = 32;
const MOST_MS = 60 * 60 * 1000;

const absolutePath = z
  .string()
  .max(4095)
  .regex(/^\/[^\0]*$/, "a file in the guest is an absolute path");
const unitName = z.string().regex(/^[A-Za-z0-9_.@\\:][A-Za-z0-9_.@\\:-]{0,254}$/, "a unit is called by a word such as ssh or ssh.service");
const argument = z
  .string()
  .max(32_768)
  .regex(/^[^\0]*$/, "an argument holds no NUL");

const tcp = z.strictObject({ kind: z.literal("tcp"), port: z.int().min(1).max(65_535) });
const unit = z.strictObject({ kind: z.literal("unit"), unit: unitName });
const command = z.strictObject({ kind: z.literal("command"), argv: z.array(argument).min(1).max(64) });
const file = z.strictObject({ kind: z.literal("file"), path: absolutePath });

/** How it is found out whether a requirement is met; see `POST /await` in `docs/wire.md`. */
export type Probe = z.output<typeof tcp> | z.output<typeof unit> | z.output<typeof command> | z.output<typeof file>;

const about = {
  /** For people: `web server`. */
  name: z.string().regex(/^\P{Cc}{1,128}$/u, "the name of a requirement has 1 to 128 characters, and no control characters"),
  deadlineMs: z.int().min(1).max(MOST_MS),
  /** What to type when it is not met. */
  hint: z.string().max(512).nullable(),
};

export const requirement = z.discriminatedUnion("kind", [tcp.extend(about), unit.extend(about), command.extend(about), file.extend(about)]);
export type Requirement = z.output<typeof requirement>;

export const requirements = z.array(requirement).max(MOST_REQUIREMENTS);

/** What of a requirement the guest is told. */
export function probeOf(wanted: Requirement): Probe {
  switch (wanted.kind) {
    case "tcp":
      return { kind: "tcp", port: wanted.port };
    case "unit":
      return { kind: "unit", unit: wanted.unit };
    case "command":
      return { kind: "command", argv: wanted.argv };
    case "file":
      return { kind: "file", path: wanted.path };
  }
}

const WAIT_FORMS = "tcp:PORT, unit:NAME, file:/PATH, or command:LINE for the guest's shell";
const NAME_CHARACTERS = 80;

/** What a text such as `tcp:8080` means, or what is wrong with it. */
export function parseWaitFor(text: string): Probe | { readonly wrong: string } {
  const colon = text.indexOf(":");
  const [kind, rest] = [text.slice(0, colon), text.slice(colon + 1)];
  const wrong = { wrong: `${JSON.stringify(text)} is nothing to wait for; write ${WAIT_FORMS}` };
  const checked = (schema: z.ZodType<Probe>, value: unknown): Probe | { readonly wrong: string } => {
    const parsed = schema.safeParse(value);
    return parsed.success ? parsed.data : wrong;
  };
  if (colon < 1 || rest.trim() === "") return wrong;
  switch (kind) {
    case "tcp":
      return checked(tcp, { kind, port: /^[1-9]\d{0,4}$/.test(rest) ? Number(rest) : undefined });
    case "unit":
      return checked(unit, { kind, unit: rest });
    case "file":
      return checked(file, { kind, path: rest });
    case "command":
      return checked(command, { kind, argv: ["sh", "-c", rest] });
    default:
      return wrong;
  }
}

/** Something to wait for in an input: text as typed; a probe with its name after parsing. */
export const waitFor = z.string().transform((text, context): Probe & { readonly name: string } => {
  const probe = parseWaitFor(text);
  if (!("wrong" in probe)) return { ...probe, name: nameOf(text) };
  context.addIssue({ code: "custom", message: probe.wrong });
  return z.NEVER;
});

function nameOf(text: string): string {
  const plain = text.replace(/\p{Cc}/gu, " ");
  return plain.length > NAME_CHARACTERS ? `${plain.slice(0, NAME_CHARACTERS - 3).replace(/\p{Cs}$/u, "")}...` : plain;
}
