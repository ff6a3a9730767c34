/** The room's factory. */
import { formatPlace, type Forward } from "../contract/schemas/forward.ts";
import type { Listener, System } from "../system/system.ts";
import { forwardTcp } from "./forward-tcp.ts";
import { FlowCount, forwardUdp } from "./forward-udp.ts";
import { forwardReverse } from "./forward-reverse.ts";
import { type HeldPlace, openVmPorts } from "./open-vm-ports.ts";
import type { Ports, PortsGuest, TakenForward } from "./ports.ts";
import { type HeldForward, whyTaken } from "./why-taken.ts";

export function makePorts(system: System): Ports {
  /** What is open now, of every vm. */
  const held = new Set<() => HeldForward>();
  const tell = (forward: Forward, error: unknown): TakenForward =>
    whyTaken(forward, error, {
      held: [...held].map((each) => each()),
      ourselves: "banger's own proxy (proxy.listen in the config)",
      processes: system.processes,
    });
  const listen = (forward: Forward, guest: PortsGuest, count = new FlowCount()): Promise<Listener> =>
    forward.protocol === "tcp" ? forwardTcp(forward, guest, system) : forwardUdp(forward, guest, system, count);
  return {
    try: async (wanted, which) => {
      // Each is held until all were tried, so that none is chosen twice.
      await using tried = new AsyncDisposableStack();
      const forwards: Forward[] = [];
      const taken: TakenForward[] = [];
      for (const forward of wanted) {
        let { hostPort } = forward;
        try {
          if (which === "all" || hostPort === 0) hostPort = tried.use(await listen(forward, NOBODY)).port;
        } catch (error) {
          taken.push(tell(forward, error));
        }
        forwards.push({ ...forward, hostPort });
      }
      return { forwards, taken };
    },
    open: (guest, wanted) => {
      const count = new FlowCount();
      const hold = async (forward: Forward, signal: AbortSignal): Promise<HeldPlace> => {
        if (forward.reverse) return await forwardReverse(forward, guest, system, signal);
        const listener = await listen(forward, guest, count);
        const entry = (): HeldForward => ({ forward, vmName: guest.vmName() });
        held.add(entry);
        system.log.info("a port of a guest is forwarded", { vm: guest.vmName(), at: formatPlace(forward), to: forward.guestPort });
        return {
          ended: NEVER,
          [Symbol.asyncDispose]: async () => {
            held.delete(entry);
            await listener[Symbol.asyncDispose]();
          },
        };
      };
      const tellAll = (forward: Forward, error: unknown): string => {
        if (forward.reverse)
          return `${formatPlace(forward)} is not reached from the guest: ${error instanceof Error ? error.message : String(error)}`;
        const { why, hint } = tell(forward, error);
        return `cannot listen on ${formatPlace(forward)}: ${why}; try ${hint}`;
      };
      return openVmPorts(wanted, { hold, tell: tellAll, clock: system.clock });
    },
  };
}

/** The host's listeners do not end by themselves. */
const NEVER = new Promise<void>(() => undefined);

/** Who connects while a port is only being tried. */
const NOBODY: PortsGuest = {
  vmName: () => "none",
  dial: () => Promise.reject(new Error("this port was only tried")),
  dialDatagrams: () => Promise.reject(new Error("this port was only tried")),
  accept: () => Promise.reject(new Error("this port was only tried")),
};
