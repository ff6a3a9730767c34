import { expect, test } from "bun:test";
import { decideMode, type ModeFacts } from "./decide-mode.ts";

const user: ModeFacts = {
  wanted: "auto",
  isRoot: false,
  missing: [],
  tun: "usable",
  obstacles: { rootless: undefined, rooted: "you are not root" },
  helper: "root's network helper does not run",
};
const FORBIDDEN = { rootless: "No space left on device", rooted: "you are not root" };
const root: ModeFacts = { ...user, isRoot: true, obstacles: { rootless: undefined, rooted: undefined } };

test.each<readonly [string, ModeFacts, string, string]>([
  ["a user", user, "rootless", "you are not root, and need not be"],
  ["root", root, "rooted", "you are root"],
  ["root who wants it so", { ...root, wanted: "rootless" }, "rootless", "the config says so"],
  [
    "root without the right",
    { ...root, obstacles: { ...root.obstacles, rooted: "Operation not permitted" } },
    "rootless",
    "root may make no network namespace here, but for one in a user namespace",
  ],
])("%s gets a way out that isolates", (_who, facts, mode, why) => {
  expect(decideMode(facts)).toEqual({ mode, by: "us", why } as ReturnType<typeof decideMode>);
});

test.each<readonly [string, Partial<ModeFacts>, string]>([
  [
    "may make no namespace",
    { obstacles: FORBIDDEN },
    "by root's network helper: no rootless namespace can be made: No space left on device",
  ],
  ["has not the programs", { missing: ["nsenter"] }, "by root's network helper: nsenter is not installed"],
  ["wants it so", { wanted: "rooted" }, "the config says so, and root's network helper does it"],
])("a user who %s has it by root's helper, where that runs", (_who, change, why) => {
  expect(decideMode({ ...user, ...change, helper: undefined })).toEqual({ mode: "rooted", by: "helper", why });
});

test("who can have it alone needs no helper, and root asks none", () => {
  expect(decideMode({ ...user, helper: undefined })).toMatchObject({ mode: "rootless", by: "us" });
  expect(decideMode({ ...user, wanted: "rootless", obstacles: FORBIDDEN, helper: undefined }).mode).toBe("user");
  expect(decideMode({ ...root, obstacles: { rootless: "no", rooted: "no" }, helper: undefined }).mode).toBe("user");
});

test("where namespaces are forbidden both ways are named", () => {
  const decision = decideMode({ ...user, obstacles: FORBIDDEN });
  expect("hint" in decision ? decision.hint : "").toBe(
    "sudo sysctl -w user.max_user_namespaces=15000 kernel.unprivileged_userns_clone=1; or, where that shall not be, sudo banger network helper",
  );
});

test.each<readonly [string, Partial<ModeFacts>, string, string]>([
  ["without programs", { missing: ["nft", "pasta"] }, "nft, pasta are not installed", "sudo apt install nftables passt"],
  ["without one", { missing: ["setpriv"] }, "setpriv is not installed", "sudo apt install util-linux"],
  ["without the device", { tun: "absent" }, "there is no /dev/net/tun", "sudo modprobe tun"],
  ["without a right to it", { tun: "forbidden" }, "you may not use /dev/net/tun", "sudo chmod 0666 /dev/net/tun"],
  ["that may make no namespace", { obstacles: { rootless: "No space left on device", rooted: "" } }, "No space left on device", "sysctl"],
  [
    "whose config asks for what only root has",
    { wanted: "rooted" },
    "you are not root, and root's network helper does not run",
    "sudo banger network helper",
  ],
  ["whose config asks for QEMU's own", { wanted: "user" }, "the config says so", "[network]"],
])("a computer %s has none, and it is told why and what to type", (_what, change, why, hint) => {
  const decision = decideMode({ ...user, ...change });
  expect(decision.mode).toBe("user");
  expect(decision.why).toContain(why);
  expect("hint" in decision ? decision.hint : "").toContain(hint);
});
