/** What a failed program said -> an error that tells what to do. */
import { BangerError, type BangerErrorOptions } from "../../contract/errors.ts";

const REASONS: readonly { readonly pattern: RegExp; readonly code: string; readonly why: string; readonly hint: string }[] = [
  {
    pattern: /No space left on device|Disk quota exceeded|ENOSPC/i,
    code: "disk_full",
    why: "the disk is full",
    hint: "make room: an image takes about 1 GiB in /tmp while it is made, and 150 MiB in the store afterwards",
  },
  {
    pattern: /Temporary failure resolving|Could not resolve|Could not connect|Connection (refused|timed out)|Network is unreachable/i,
    code: "mirror_unreachable",
    why: "the Debian mirror cannot be reached",
    hint: "check the network, and the mirror: it comes from /etc/apt or from debian.mirror in banger's configuration",
  },
  {
    pattern:
      /NO_PUBKEY|BADSIG|EXPKEYSIG|is not signed|signatures? (couldn't be|could not be|were invalid|was invalid)|Release file .* (is expired|is not valid yet)/i,
    code: "archive_not_verified",
    why: "the archive's signature does not verify",
    hint: "check the computer's clock and the mirror, and update the package debian-archive-keyring",
  },
  {
    pattern: /Unable to locate package|has no installation candidate/i,
    code: "package_not_found",
    why: "the mirror lacks a package",
    hint: "check that the mirror has the whole suite",
  },
];

/** @param what begins the message: `cannot pull image debian-bookworm`. */
export function bootstrapFailure(
  what: string,
  program: string,
  stderr: string,
  options: Pick<BangerErrorOptions, "cause"> = {},
): BangerError {
  const lines = stderr.split("\n").filter((line) => line.trim() !== "");
  const reason = REASONS.find((candidate) => lines.some((line) => candidate.pattern.test(line)));
  const data = { program, stderr: lines.slice(-20) };
  if (reason !== undefined)
    return new BangerError("unavailable", reason.code, `${what}: ${reason.why}`, { ...options, hint: reason.hint, data });
  const said = lines.findLast((line) => /^E: /.test(line)) ?? lines.at(-1);
  return new BangerError("unavailable", "bootstrap_failed", `${what}: ${program} failed${said === undefined ? "" : `: ${said}`}`, {
    ...options,
    data,
  });
}
