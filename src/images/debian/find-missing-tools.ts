/** Everything that has to be installed before an image can be made, named at once. */
import { BangerError, type Problem } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import { DEBIAN_KEYRING } from "./bootstrap-arguments.ts";

interface Tool {
  readonly program: string;
  readonly package: string;
}

const TOOLS: readonly Tool[] = [
  { program: "mmdebstrap", package: "mmdebstrap" },
  { program: "tar2sqfs", package: "squashfs-tools-ng" },
  { program: "mke2fs", package: "e2fsprogs" },
  { program: "tar", package: "tar" },
];
/** Let an ordinary user have a range of user ids. */
const TOOLS_WITHOUT_ROOT: readonly Tool[] = [
  { program: "newuidmap", package: "uidmap" },
  { program: "newgidmap", package: "uidmap" },
];

/** Throws `unavailable` `tools_missing` with a problem for each, and the one command that installs them all. */
export async function requireTools(system: System, uid: number, what: string): Promise<void> {
  const wanted = uid === 0 ? TOOLS : [...TOOLS, ...TOOLS_WITHOUT_ROOT];
  const missing = wanted.filter((tool) => system.processes.which(tool.program) === undefined);
  const problems: Problem[] = missing.map((tool) => ({
    code: "tool_missing",
    path: tool.program,
    message: `${tool.program} is not installed; it is in the package ${tool.package}`,
  }));
  const packages = new Set(missing.map((tool) => tool.package));
  if ((await system.files.find(DEBIAN_KEYRING)) === undefined) {
    problems.push({
      code: "keyring_missing",
      path: DEBIAN_KEYRING,
      message: `${DEBIAN_KEYRING} is missing; it is in the package debian-archive-keyring`,
    });
    packages.add("debian-archive-keyring");
  }
  if (problems.length === 0) return;
  const names = [...missing.map((tool) => tool.program), ...(packages.has("debian-archive-keyring") ? ["Debian's keyring"] : [])];
  throw new BangerError("unavailable", "tools_missing", `${what}: ${names.join(", ")} ${names.length === 1 ? "is" : "are"} not installed`, {
    hint: `sudo apt install ${[...packages].toSorted().join(" ")}`,
    problems,
  });
}
