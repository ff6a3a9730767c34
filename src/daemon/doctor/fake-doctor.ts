/** A doctor for tests: one thing missing, and one leftover, which can be removed once. */
import type { Doctor } from "./doctor.ts";

export function makeFakeDoctor(): Doctor {
  let isLeft = true;
  return {
    run: async ({ fix }, { stage }) => {
      await stage("probes", async () => undefined);
      const leftovers = isLeft ? [{ kind: "run folder" as const, what: "/run/v/00", why: "there is no vm 00", removed: fix }] : [];
      if (fix) isLeft = false;
      return {
        fine: fix,
        findings: [
          { name: "qemu", status: "fine", detail: "version 7.2", hint: null },
          { name: "network", status: fix ? "fine" : "missing", detail: "pasta is not installed", hint: "sudo apt install passt" },
        ],
        leftovers,
      };
    },
    leftovers: async () => [],
  };
}
