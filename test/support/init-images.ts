/** Images with inits other than systemd: made once for all tests, from a catalog of the tests' own, kept between runs. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { closeWorld, openWorld } from "./world.ts";

/** With an init of System V that can run OpenRC as well. */
export const OPENRC = "debian-openrc";
export const RUNIT = "debian-runit";
/** Neither has anything to run. */
export const S6_AND_BUSYBOX = "debian-s6-busybox";
/** Without any init. */
export const BARE = "debian-bare";

const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  [OPENRC]: ["sysvinit-core", "openrc", "openssh-server", "procps"],
  [RUNIT]: ["runit-init", "runit", "openssh-server", "procps"],
  [BARE]: ["procps"],
  [S6_AND_BUSYBOX]: ["s6", "busybox-static", "procps"],
};

/** Pulls what is missing. */
export async function openInitImages(): Promise<void> {
  const world = await openWorld();
  try {
    const names = Object.keys(PACKAGES);
    const missing: string[] = [];
    for (const name of names) if ((await world.banger(["image", "show", name])).code !== 0) missing.push(name);
    if (missing.length === 0) return;
    const at = (name: string): string => join(world.folder, name);
    const { publicKey } = await world.json<{ publicKey: string }>(["catalog", "keygen", at("inits.key")]);
    const entries = names.map((name) => ({
      type: "image",
      name,
      distro: "debian",
      arch: "amd64",
      kernelRef: "debian-6.12",
      description: "",
      debian: { suite: "bookworm", packages: PACKAGES[name] },
    }));
    writeFileSync(at("catalog.json"), JSON.stringify({ schema: 1, name: "inits", entries }));
    await world.ok(["catalog", "sign", at("catalog.json"), "-s", at("inits.key"), "--valid-for", "30d"]);
    await world.ok(["catalog", "add", "inits", at("catalog.json"), "--key", publicKey]);
    for (const name of missing) await world.ok(["image", "pull", `inits/${name}`], { timeoutMs: 600_000 });
  } finally {
    await closeWorld(world);
  }
}
