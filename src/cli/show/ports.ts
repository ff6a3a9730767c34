import type { Output } from "../../sdk/sdk.ts";
import { table } from "../table.ts";

const MOST_COMMAND = 60;

/** `banger ports` */
export async function showPorts({ ports, complete }: Output<"vm.ports">): Promise<string> {
  const rows = ports.map(({ protocol, address, port, process, loopbackOnly }) => [
    protocol,
    address,
    String(port),
    loopbackOnly ? "loopback" : "network",
    process === null ? "-" : String(process.pid),
    process?.user ?? "-",
    process === null ? "-" : cut(process.command),
  ]);
  const lines = await table(["PROTO", "ADDRESS", "PORT", "SCOPE", "PID", "USER", "COMMAND"], rows);
  return complete ? lines : `${lines}there is more than the guest could tell: ports or processes are missing\n`;
}

function cut(command: string): string {
  return command.length > MOST_COMMAND ? `${command.slice(0, MOST_COMMAND)}...` : command;
}
