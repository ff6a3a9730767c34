import { listConfigEntries } from "../config-entries.ts";
import type { HandlersOf } from "../handler.ts";

export const configHandlers: HandlersOf<"config"> = {
  "config.show": async ({ daemon: { config } }) => ({
    path: config.path,
    exists: config.text !== undefined,
    changedSince: (await config.readNow()) !== config.text,
    entries: [...listConfigEntries(config.text)],
  }),
};
