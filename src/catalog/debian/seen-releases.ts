/** The newest Date of each suite that was ever verified here, so that an old archive cannot be passed off as today's. */
import { z } from "zod";
import type { System } from "../../system/system.ts";

const record = z.strictObject({ version: z.literal(1), dates: z.record(z.string(), z.number()) });

export interface SeenReleases {
  newestMs(suite: string): Promise<number | undefined>;
  remember(suite: string, dateMs: number): Promise<void>;
}

export function makeSeenReleases(system: System): SeenReleases {
  const path = system.layout.seenReleases;
  const parse = (text: string | undefined): Record<string, number> => {
    if (text === undefined) return {};
    try {
      return record.parse(JSON.parse(text)).dates;
    } catch (error) {
      system.log.warn("the record of seen archives cannot be read and starts anew", { path, reason: String(error) });
      return {};
    }
  };
  return {
    newestMs: async (suite) => {
      const isThere = (await system.files.find(path)) !== undefined;
      return parse(isThere ? await system.files.readText(path) : undefined)[suite];
    },
    remember: async (suite, dateMs) => {
      await system.files.makeFolder(system.layout.roots.state);
      await system.files.update(path, (text) => {
        const dates = parse(text);
        // Not older than what another pull has seen meanwhile.
        if ((dates[suite] ?? 0) >= dateMs) return undefined;
        return JSON.stringify({ version: 1, dates: { ...dates, [suite]: dateMs } });
      });
    },
  };
}
