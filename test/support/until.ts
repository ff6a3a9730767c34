/** Waits for what must happen soon; fails with `what` when it does not. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 60_000; !(await isSo()); await Bun.sleep(10)) {
    if (Date.now() > deadline) throw new Error(`never: ${what}`);
  }
}
