/** Labels: words of the user's own on a vm, which banger keeps, shows and finds vms by, and gives no meaning. */
import { z } from "zod";

/** How many a vm may have. */
export const MOST_LABELS = 64;
const VALUE_MOST_BYTES = 256;

const labelKey = z
  .string()
  .regex(
    /^[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?$/,
    "the key of a label has 1 to 63 letters, digits, dots, underscores, slashes and hyphens, and starts and ends with a letter or digit",
  );

const labelValue = z
  .string()
  .regex(/^\P{Cc}*$/u, "the value of a label holds no control characters")
  .refine((text) => Buffer.byteLength(text) <= VALUE_MOST_BYTES, `the value of a label has at most ${VALUE_MOST_BYTES} bytes`);

/** Labels of a new vm. */
export const labels = z
  .record(labelKey, labelValue)
  .refine((all) => Object.keys(all).length <= MOST_LABELS, `a vm has at most ${MOST_LABELS} labels`)
  .meta({ "x-kind": "pairs" });

/** Labels to set, and by null to take away. */
export const labelChanges = z
  .record(labelKey, labelValue.nullable())
  .refine((all) => Object.keys(all).length <= 2 * MOST_LABELS, `at most ${2 * MOST_LABELS} labels are changed at once`)
  .meta({ "x-kind": "changes" });

/** Whether a text is the key of a label. */
export function isLabelKey(text: string): boolean {
  return labelKey.safeParse(text).success;
}
