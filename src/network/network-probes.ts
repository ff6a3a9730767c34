/** What passt in a namespace of its own needs. Without it QEMU's network is used, which shows a guest the host's loopback. */
import type { Probe } from "../contract/probe.ts";
import type { System } from "../system/system.ts";

const DEADLINE_MS = 10_000;

export function networkProbes(
  { processes, files }: Pick<System, "processes" | "files">,
  programs: readonly string[],
  tun: string,
): readonly Probe[] {
  const probe = (name: string, look: Probe["look"]): Probe => ({ name, deadlineMs: DEADLINE_MS, look });
  return [
    probe("passt", async () => {
      const missing = programs.filter((program) => processes.which(program) === undefined);
      if (missing.length === 0) return { status: "fine", detail: programs.join(" and ") };
      return { status: "missing", detail: `${missing.join(" and ")} not installed`, hint: "sudo apt install passt" };
    }),
    probe(tun, async () => {
      if (files.mayUse(tun)) return { status: "fine", detail: "may be used" };
      if ((await files.find(tun)) === undefined) return { status: "missing", detail: "is not there", hint: "sudo modprobe tun" };
      return { status: "missing", detail: "you may not use it", hint: `sudo chmod 0666 ${tun}` };
    }),
    probe("user namespaces", async (signal) => {
      const { code, stderr } = await processes.run(["unshare", "--user", "--map-root-user", "--net", "true"], {
        timeoutMs: DEADLINE_MS,
        signal,
      });
      if (code === 0) return { status: "fine", detail: "can be made" };
      const said = stderr.trim().split("\n").at(-1) ?? "";
      return { status: "missing", detail: said, hint: "sudo sysctl -w user.max_user_namespaces=15000 kernel.unprivileged_userns_clone=1" };
    }),
  ];
}
