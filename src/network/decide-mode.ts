/** Which way out a vm gets on this computer, and why. Pure. */
import type { NamespaceMode } from "./namespace-arguments.ts";

export const NETWORK_MODES = ["auto", "rootless", "rooted", "user"] as const;
export type WantedMode = (typeof NETWORK_MODES)[number];

export interface ModeFacts {
  /** What the config says. */
  readonly wanted: WantedMode;
  readonly isRoot: boolean;
  readonly missing: readonly string[];
  readonly tun: "usable" | "forbidden" | "absent";
  /** Why namespaces of a mode cannot be made; undefined when they can. */
  readonly obstacles: Readonly<Record<NamespaceMode, string | undefined>>;
  /** Why root's network helper does not serve us; undefined when it does. */
  readonly helper: string | undefined;
}

export type ModeDecision =
  | { readonly mode: NamespaceMode; readonly by: "us" | "helper"; readonly why: string }
  /** Nothing that keeps a guest from the host and its neighbours can be had; the hint is what to type. */
  | { readonly mode: "user"; readonly why: string; readonly hint: string };

/** Debian's package of each program. */
const PACKAGES: Readonly<Record<string, string>> = { pasta: "passt", nft: "nftables", ip: "iproute2", cat: "coreutils", tee: "coreutils" };

/** Root's, once. */
export const HELPER_HINT = "sudo banger network helper";
const AUTO_HINT = 'mode = "auto" below [network] in the config';

export function decideMode(facts: ModeFacts): ModeDecision {
  const { wanted, isRoot, helper, tun } = facts;
  if (wanted === "user") return { mode: "user", why: "the config says so", hint: AUTO_HINT };
  // Without it the helper can do nothing, either.
  if (tun === "absent") return { mode: "user", why: "there is no /dev/net/tun", hint: "sudo modprobe tun" };
  if (tun === "forbidden") return { mode: "user", why: "you may not use /dev/net/tun", hint: "sudo chmod 0666 /dev/net/tun" };
  if (wanted === "rooted" && !isRoot) {
    if (helper === undefined) return { mode: "rooted", by: "helper", why: "the config says so, and root's network helper does it" };
    return { mode: "user", why: `the config says rooted, you are not root, and ${helper}`, hint: `${HELPER_HINT}; or ${AUTO_HINT}` };
  }
  const own = decideOwn(facts);
  if (own.mode !== "user" || wanted !== "auto" || isRoot) return own;
  if (helper === undefined) return { mode: "rooted", by: "helper", why: `by root's network helper: ${own.why}` };
  // Programs that are missing the helper misses as well.
  return own.isForbidden === true ? { ...own, hint: `${own.hint}; or, where that shall not be, ${HELPER_HINT}` } : own;
}

/** Which this user can have without anybody's help. */
function decideOwn(facts: ModeFacts): ModeDecision & { readonly isForbidden?: boolean } {
  const { wanted, isRoot, missing, obstacles } = facts;
  if (missing.length > 0) {
    const packages = [...new Set(missing.map((program) => PACKAGES[program] ?? "util-linux"))];
    return {
      mode: "user",
      why: `${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} not installed`,
      hint: `sudo apt install ${packages.join(" ")}`,
    };
  }
  const candidates: readonly NamespaceMode[] =
    wanted === "rooted" ? ["rooted"] : isRoot && wanted === "auto" ? ["rooted", "rootless"] : ["rootless"];
  const mode = candidates.find((candidate) => obstacles[candidate] === undefined);
  if (mode !== undefined) return { mode, by: "us", why: whyOf(mode, facts) };
  return {
    mode: "user",
    why: candidates.map((candidate) => `no ${candidate} namespace can be made: ${obstacles[candidate] ?? ""}`).join("; "),
    hint: "sudo sysctl -w user.max_user_namespaces=15000 kernel.unprivileged_userns_clone=1",
    isForbidden: true,
  };
}

function whyOf(mode: NamespaceMode, { wanted, isRoot }: ModeFacts): string {
  if (wanted === mode) return "the config says so";
  if (mode === "rooted") return "you are root";
  return isRoot ? "root may make no network namespace here, but for one in a user namespace" : "you are not root, and need not be";
}
