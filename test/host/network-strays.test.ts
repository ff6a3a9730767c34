/** Whose processes count as those of a link: with its name in their arguments, real programs and innocent ones. */
import { expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeNetwork } from "../../src/network/make-network.ts";
import { linkMarker } from "../../src/network/passt-arguments.ts";
import { makeSystem } from "../../src/system/make-system.ts";
import { silentLog } from "./images-silent-log.ts";

test("a link is unmade without harm to who only looks at its log", async () => {
  const home = await mkdtemp(join(tmpdir(), "banger-strays-"));
  const system = makeSystem({ BANGER_HOME: home, PATH: process.env["PATH"] }, silentLog);
  const vmId = system.random.hex(6);
  const log = join(home, `${linkMarker(vmId)}.log`);
  await writeFile(log, "");
  // `exec -a` gives a shell that waits for its input the name and the arguments of another program.
  const start = (program: string, ...words: readonly string[]) =>
    Bun.spawn(["bash", "-c", 'exec -a "$0" bash -c "read" "$@"', program, ...words], { stdio: ["pipe", "ignore", "ignore"] });
  const innocent = [
    Bun.spawn(["tail", "-f", log], { stdio: ["ignore", "ignore", "ignore"] }),
    start("less", "--log-file", log),
    start("unshare", "--user", "tail", "-f", log),
  ];
  const ours = [start("/usr/bin/pasta", "--", "passt", "--log-file", log), start("passt", "--log-file", log)];
  try {
    const network = makeNetwork({ system });
    // The shell has the same words before it takes the other's name.
    const named = (): readonly unknown[] => system.processes.findByArgument(log).filter(({ argv }) => argv[0] !== "bash");
    while (named().length < 5) await Bun.sleep(5);
    expect(network.findStrays()).toContain(vmId);
    const told: string[] = [];
    const over = new AbortController();
    const watched = network.watchLink(vmId, over.signal).then(() => void told.push("ended"));
    await Promise.resolve();
    expect(told).toEqual([]);
    await network.removeLink(vmId);
    await watched;
    // Nothing is left to wait for.
    await network.watchLink(vmId, over.signal);
    expect(await Promise.all(ours.map(async (child) => (await child.exited, child.signalCode)))).toEqual(["SIGTERM", "SIGTERM"]);
    expect(innocent.map(({ exitCode, signalCode }) => exitCode ?? signalCode)).toEqual([null, null, null]);
    expect(network.findStrays()).not.toContain(vmId);
  } finally {
    for (const child of [...innocent, ...ours]) child.kill("SIGKILL");
    await rm(home, { recursive: true });
  }
});
