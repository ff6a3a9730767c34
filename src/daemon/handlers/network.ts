import type { HandlersOf } from "../handler.ts";

export const networkHandlers: HandlersOf<"network"> = {
  "network.create": ({ vms }, input) => vms.networks.create(input.name),
  "network.list": ({ vms }) => ({ networks: [...vms.networks.list()] }),
  "network.delete": ({ vms }, input) => {
    vms.networks.delete(input.network);
    return { network: input.network };
  },
};
