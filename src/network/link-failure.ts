/** Why a way out could not be made, from what the programs said. */
import { BangerError } from "../contract/errors.ts";

/** Said in every start: without a syslog, and in a user namespace that is already mapped. */
const HARMLESS = /to syslog$|uid_map|configure user mappings|ping_group_range|ICMP requests might fail|unknown version/;

export function linkFailed(what: string, said: string, cause?: unknown): BangerError {
  const lines = said.split("\n").filter((line) => line.trim() !== "" && !HARMLESS.test(line));
  const [why, hint] = reasonOf(lines.join("\n"));
  const last = lines.at(-1)?.trim();
  return new BangerError("unavailable", "link_failed", `${what}: ${why ?? last ?? "it said nothing"}`, {
    hint: hint ?? "banger doctor",
    data: { said: lines.slice(-8) },
    ...(cause === undefined ? {} : { cause }),
  });
}

function reasonOf(text: string): readonly [why: string, hint: string] | readonly [] {
  if (/tun socket|\/dev\/net\/tun/i.test(text)) return ["/dev/net/tun cannot be opened", "sudo chmod 0666 /dev/net/tun"];
  if (/^unshare: |unshare\(\)|user namespace/im.test(text))
    return ["user namespaces are switched off", "sudo sysctl -w user.max_user_namespaces=15000"];
  if (/nft|netlink: Error|Could not process rule/i.test(text) && /No such file|not supported/i.test(text))
    return [
      `the kernel lacks a part of nftables: ${text.trim().split("\n")[0] ?? ""}`,
      "sudo modprobe nf_tables nft_ct nft_masq nft_reject",
    ];
  return [];
}
