import type { HandlersOf } from "../handler.ts";

export const systemHandlers: HandlersOf<"system"> = {
  "system.doctor": ({ doctor }, input, context) => doctor.run(input, context),
  "system.df": ({ storage }) => storage.measure(),
  "system.version": async ({ about }) => {
    const [agent, drivers, vms] = await Promise.all([about.agentVersion(), about.drivers(), about.agents()]);
    return { agent, drivers: [...drivers], vms: [...vms] };
  },
  "system.prune": ({ storage }, { olderThan, ...input }, context) =>
    storage.prune({ ...input, olderThanMs: olderThan, keepBytes: input.keepBytes, before: input.before }, context),
};
