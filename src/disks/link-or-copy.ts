import { isWithoutLinks } from "../contract/system-error.ts";
import type { Files } from "../system/system.ts";

/** One more name for the same file, or a copy where that cannot be. */
export async function linkOrCopy(files: Pick<Files, "link" | "copySparse">, from: string, to: string): Promise<void> {
  try {
    if (await files.link(from, to)) return;
  } catch (error) {
    // Any other failure may be of a link that was made, and then there is nothing to copy to.
    if (!isWithoutLinks(error)) throw error;
  }
  await files.copySparse(from, to);
}
