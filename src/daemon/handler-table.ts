import type { Handlers } from "./handler.ts";
import { catalogHandlers } from "./handlers/catalog.ts";
import { configHandlers } from "./handlers/config.ts";
import { daemonHandlers } from "./handlers/daemon.ts";
import { imageHandlers } from "./handlers/image.ts";
import { kernelHandlers } from "./handlers/kernel.ts";
import { networkHandlers } from "./handlers/network.ts";
import { operationHandlers } from "./handlers/operation.ts";
import { sshHandlers } from "./handlers/ssh.ts";
import { systemHandlers } from "./handlers/system.ts";
import { vmHandlers } from "./handlers/vm.ts";

/** What does the work of each operation. */
export const HANDLERS: Handlers = {
  ...vmHandlers,
  ...kernelHandlers,
  ...imageHandlers,
  ...catalogHandlers,
  ...networkHandlers,
  ...operationHandlers,
  ...configHandlers,
  ...sshHandlers,
  ...systemHandlers,
  ...daemonHandlers,
};
