import { BangerError } from "../contract/errors.ts";
import type { OperationName } from "../contract/operation-table.ts";
import { VERSION_HEADER } from "../contract/version.ts";

/** These are answered to clients of every version, so that an old daemon can be recognised and ended. */
const FOR_EVERYBODY: ReadonlySet<OperationName> = new Set(["daemon.version", "daemon.stop"]);

/** Throws when client and daemon are of different versions. */
export function checkVersion(name: OperationName, theirs: string | readonly string[] | undefined, ours: string): void {
  if (theirs === ours || FOR_EVERYBODY.has(name)) return;
  if (typeof theirs !== "string") {
    throw new BangerError("invalid", "version_missing", `cannot take the request: it has no header ${VERSION_HEADER}`, {
      hint: `send ${VERSION_HEADER}: ${ours}`,
    });
  }
  throw new BangerError(
    "refused",
    "daemon_version_differs",
    `cannot do it: this is banger ${theirs}, and the daemon that runs is ${ours}`,
    {
      hint: "banger daemon stop",
      data: { client: theirs, daemon: ours },
    },
  );
}
