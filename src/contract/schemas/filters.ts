/** Which vms a list shows: `state=running`, `label=team=blue`, each a text as typed. */
import { z } from "zod";
import { isLabelKey } from "./labels.ts";
import { VM_STATES, type VmState } from "./vm.ts";

export type VmFilter =
  | { readonly by: "state"; readonly state: VmState }
  /** `*` stands for any text, `?` for one character. */
  | { readonly by: "name"; readonly pattern: string }
  | { readonly by: "image"; readonly image: string }
  /** Without a value: whatever it is. */
  | { readonly by: "label"; readonly key: string; readonly value?: string };

const KINDS = "state=STATE, name=PATTERN, image=IMAGE, label=KEY or label=KEY=VALUE";
const MOST_CHARACTERS = 512;

/** What a text asks for, or what is wrong with it. */
export function parseFilter(text: string): VmFilter | { readonly wrong: string } {
  const equals = text.indexOf("=");
  const [by, wanted] = [text.slice(0, equals), text.slice(equals + 1)];
  if (equals < 1 || wanted === "") return { wrong: `${JSON.stringify(text)} is not a filter; there are ${KINDS}` };
  switch (by) {
    case "state": {
      const state = VM_STATES.find((each) => each === wanted);
      return state === undefined ? { wrong: `${JSON.stringify(wanted)} is not a state; there are ${VM_STATES.join(", ")}` } : { by, state };
    }
    case "name":
      return { by, pattern: wanted };
    case "image":
      return { by, image: wanted };
    case "label": {
      const at = wanted.indexOf("=");
      const key = at < 0 ? wanted : wanted.slice(0, at);
      if (!isLabelKey(key)) return { wrong: `${JSON.stringify(key)} is not the key of a label` };
      return { by, key, ...(at < 0 ? {} : { value: wanted.slice(at + 1) }) };
    }
    default:
      return { wrong: `there is no filter by ${JSON.stringify(by)}; there are ${KINDS}` };
  }
}

/** A filter in an input: text as typed, its parts after parsing. */
export const vmFilter = z
  .string()
  .max(MOST_CHARACTERS)
  .transform((text, context) => {
    const filter = parseFilter(text);
    if (!("wrong" in filter)) return filter;
    context.addIssue({ code: "custom", message: filter.wrong });
    return z.NEVER;
  });
