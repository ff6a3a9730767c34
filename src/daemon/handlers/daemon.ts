import type { HandlersOf } from "../handler.ts";

export const daemonHandlers: HandlersOf<"daemon"> = {
  "daemon.version": ({ daemon: { version, pid, startedAt } }) => ({ version, pid, startedAt }),
  "daemon.stop": ({ daemon }) => {
    daemon.requestStop();
    return { pid: daemon.pid };
  },
};
