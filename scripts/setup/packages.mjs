/**
 * The system's packages. What is missing is found by the program or file that a package is wanted for, so that a system
 * without dpkg, or a program that somebody built, counts as well. Only apt is asked to install.
 */
import { existsSync, readdirSync } from "node:fs";
import { SetupProblem } from "./problem.mjs";
import { answerOf, run, which } from "./programs.mjs";

/**
 * A Debian package and the programs (or, with a slash, files) that show it is there.
 * @typedef {{ readonly name: string, readonly proof: readonly string[] }} Package
 */

/** What building banger and using it takes. @type {readonly Package[]} */
export const FOR_USE = [
  { name: "qemu-system-x86", proof: ["qemu-system-x86_64"] },
  { name: "mmdebstrap", proof: ["mmdebstrap"] },
  { name: "squashfs-tools-ng", proof: ["tar2sqfs"] },
  { name: "e2fsprogs", proof: ["mkfs.ext4"] },
  { name: "uidmap", proof: ["newuidmap"] },
  { name: "passt", proof: ["pasta"] },
  { name: "nftables", proof: ["nft"] },
  { name: "iproute2", proof: ["ip"] },
  { name: "util-linux", proof: ["unshare", "nsenter", "setpriv"] },
  { name: "xz-utils", proof: ["xz"] },
  { name: "zstd", proof: ["zstd"] },
  { name: "gpgv", proof: ["gpgv"] },
  { name: "debian-archive-keyring", proof: ["/usr/share/keyrings/debian-archive-keyring.gpg"] },
  { name: "ca-certificates", proof: ["/etc/ssl/certs/ca-certificates.crt"] },
  { name: "git", proof: ["git"] },
  { name: "gcc", proof: ["cc"] },
  { name: "libc6-dev", proof: ["/usr/include/stdlib.h"] },
];

/** What the tests take besides. @type {readonly Package[]} */
export const FOR_TESTS = [
  { name: "apache2-utils", proof: ["htpasswd"] },
  { name: "bc", proof: ["bc"] },
  { name: "buildah", proof: ["buildah"] },
  { name: "busybox-static", proof: ["/bin/busybox"] },
  { name: "bison", proof: ["bison"] },
  { name: "docker-registry", proof: ["docker-registry"] },
  { name: "erofs-utils", proof: ["fsck.erofs"] },
  { name: "dnsmasq-base", proof: ["dnsmasq"] },
  { name: "fdisk", proof: ["sfdisk"] },
  { name: "flex", proof: ["flex"] },
  { name: "gnupg", proof: ["gpg"] },
  { name: "kmod", proof: ["depmod"] },
  { name: "libelf-dev", proof: ["/usr/include/gelf.h"] },
  { name: "minisign", proof: ["minisign"] },
  { name: "musl", proof: ["/lib/ld-musl-x86_64.so.1"] },
  { name: "openssh-client", proof: ["ssh"] },
  { name: "procps", proof: ["ps"] },
  { name: "qemu-utils", proof: ["qemu-img"] },
  { name: "skopeo", proof: ["skopeo"] },
  { name: "squashfs-tools", proof: ["mksquashfs"] },
  { name: "sqv", proof: ["sqv"] },
  { name: "strace", proof: ["strace"] },
  { name: "systemd", proof: ["systemd-analyze"] },
  { name: "zsh", proof: ["zsh"] },
  { name: "fish", proof: ["fish"] },
  { name: "umoci", proof: ["umoci"] },
];

/**
 * Those of which some proof is missing.
 * @param {readonly Package[]} packages
 */
export function missingOf(packages) {
  return packages.filter(({ proof }) => !proof.every((one) => (one.startsWith("/") ? existsSync(one) : which(one) !== undefined)));
}

/**
 * Installs packages by name, having named them first. Removes nothing to make room.
 * @param {readonly string[]} names
 */
export async function install(names) {
  const byHand = `${process.getuid?.() === 0 ? "" : "sudo "}apt-get install --no-install-recommends ${names.join(" ")}`;
  if (which("apt-get") === undefined) {
    throw new SetupProblem(
      `cannot install what is missing: this system has no apt-get. In Debian's names it is: ${names.join(", ")}`,
      "install these with the system's own package manager, then run the same command again",
    );
  }
  console.log(`missing packages: ${names.join(", ")}`);
  const asRoot = rootPrefix(byHand);
  console.log(`installing them with ${[...asRoot.slice(0, 1), "apt-get"].join(" ")}`);
  const apt = [...asRoot, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-o", "DPkg::Lock::Timeout=300"];
  const update = () => run([...apt, "update"], { input: "ours" });
  const installThem = () => run([...apt, "install", "-y", "--no-install-recommends", "--no-remove", ...names], { input: "ours" });

  const listsAreKnown = haveLists() && names.every(hasCandidate);
  if (!listsAreKnown) await update();
  let code = await installThem();
  if (code !== 0 && listsAreKnown) {
    // The lists may be so old that the archive no longer has what they name.
    await update();
    code = await installThem();
  }
  if (code !== 0) throw new SetupProblem(`cannot install ${names.join(", ")}: apt-get ended with code ${code}, see above`, byHand);
}

/**
 * What makes a command run as root: nothing when we are, else sudo, which may ask for a password only on a terminal.
 * @param {string} byHand
 */
function rootPrefix(byHand) {
  if (process.getuid?.() === 0) return [];
  const sudo = which("sudo");
  if (sudo === undefined) {
    throw new SetupProblem(
      "cannot install what is missing: we are not root and there is no sudo",
      `as root: ${byHand.replace("sudo ", "")}`,
    );
  }
  if (process.stdin.isTTY) return [sudo];
  if (answerOf([sudo, "-n", "true"]) !== undefined) return [sudo, "-n"];
  throw new SetupProblem("cannot install what is missing: sudo wants a password, and there is no terminal to ask for it", byHand);
}

function haveLists() {
  const folder = "/var/lib/apt/lists";
  return existsSync(folder) && readdirSync(folder).some((name) => name.includes("_Packages"));
}

/** @param {string} name */
function hasCandidate(name) {
  const policy = answerOf(["apt-cache", "policy", name], { env: { ...process.env, LC_ALL: "C" } }) ?? "";
  return /Candidate: (?!\(none\))/.test(policy);
}
