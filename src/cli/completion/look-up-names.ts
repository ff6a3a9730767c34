import { DRIVER_NAMES } from "../../contract/driver-names.ts";
import { isDaemonUp } from "../../sdk/is-daemon-up.ts";
import { openClient } from "../../sdk/open-client.ts";
import { daemonPlace } from "../daemon-place.ts";
import type { Environment } from "../environment.ts";
import type { Candidate, NamesOf } from "./decide-completion.ts";

/** Who types waits for this, and the program needs some of 150 ms itself. */
const DEADLINE_MS = 100;
/** Names are data of the daemon's; what could do something in a terminal or in a shell's hands is not offered. */
const PLAIN = /^[A-Za-z0-9._-]{1,128}$/;

/** The names there are. Starts no daemon; none when there is none, or when it does not answer at once. */
export async function lookUpNames(of: NamesOf, environment: Environment): Promise<readonly Candidate[]> {
  if (of === "driver") return DRIVER_NAMES.map((value) => ({ value }));
  const place = daemonPlace(environment);
  if (!isDaemonUp(place.notePath)) return [];
  const client = openClient(place);
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const names = async (): Promise<readonly Candidate[]> => {
    switch (of) {
      case "vm":
        return (await client.call("vm.list", {}, { signal })).vms.map(({ name, state }) => ({ value: name, brief: state }));
      case "image":
        return (await client.call("image.list", {}, { signal })).images.map(({ name }) => ({ value: name }));
      case "kernel":
        return (await client.call("kernel.list", {}, { signal })).kernels.map(({ name }) => ({ value: name }));
      case "network":
        return (await client.call("network.list", {}, { signal })).networks.map(({ name }) => ({ value: name }));
      case "operation":
        return (await client.call("operation.list", {}, { signal })).operations.map(({ id, name, state }) => ({
          value: id,
          brief: `${name}, ${state}`,
        }));
    }
  };
  return (await names()).filter(({ value }) => PLAIN.test(value));
}
