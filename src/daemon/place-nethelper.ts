/** The network helper's program where root alone can write, and whom it is to serve. */
import { join } from "node:path";
import { BangerError } from "../contract/errors.ts";
import type { NetworkHelper } from "../contract/local-work.ts";
import type { System } from "../system/system.ts";
import { placeNethelperIn } from "./place-programs.ts";

/** Not below /run, from where many systems run nothing. */
const FOLDER = "/var/lib/banger-network";
const FIND_MS = 10_000;

/** @param typed a name, or a number; undefined for who typed `sudo`. Throws `invalid` `no_such_user`. */
export async function findHelper(
  system: System,
  typed: string | undefined,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<NetworkHelper> {
  const named = typed ?? variables["SUDO_UID"];
  if (named === undefined)
    throw new BangerError("invalid", "no_such_user", "nobody is named whom the network helper is to serve", {
      hint: "banger network helper --user NAME",
    });
  const uid = /^\d{1,10}$/.test(named) ? Number(named) : await findUid(system, named);
  if (uid === undefined || uid > 0xffff_fffe)
    throw new BangerError("invalid", "no_such_user", `there is no user ${named}`, { hint: "banger network helper --user NAME" });
  if (uid === 0)
    throw new BangerError("invalid", "no_such_user", "root makes its own network, and needs no helper", {
      hint: "banger network helper --user NAME",
    });
  const argv = [join(FOLDER, "banger-nethelper"), "serve", String(uid)];
  return { uid, argv, unit: { path: `/etc/systemd/system/banger-network-${uid}.service`, text: unitText(uid, argv) } };
}

/** Throws `refused` `not_root`, and `refused` `folder_not_private` where others could change what root then runs. */
export async function placeHelper(system: System, helper: NetworkHelper, uid: number): Promise<void> {
  if (uid !== 0)
    throw new BangerError("refused", "not_root", "the network helper is run by root alone", {
      hint: `sudo banger network helper --user ${helper.uid}`,
    });
  const { files } = system;
  await files.makeFolder(FOLDER, 0o755);
  const found = await files.find(FOLDER);
  if (found?.kind !== "folder" || found.uid !== 0 || (found.mode & 0o022) !== 0)
    throw new BangerError("refused", "folder_not_private", `cannot use the folder ${FOLDER}: others than root may write there`, {
      hint: `ls -ld ${FOLDER}`,
    });
  await placeNethelperIn(system, FOLDER);
}

async function findUid({ processes }: System, name: string): Promise<number | undefined> {
  const { code, stdout } = await processes.run(["id", "-u", "--", name], { timeoutMs: FIND_MS });
  const uid = Number(stdout.trim());
  return code === 0 && Number.isSafeInteger(uid) ? uid : undefined;
}

/** What runs on when the helper is told to end, pasta, is no part of what systemd ends. */
function unitText(uid: number, argv: readonly string[]): string {
  return `[Unit]
Description=banger: the network of the vms of uid ${uid}

[Service]
ExecStart=${argv.join(" ")}
KillMode=process
Restart=on-failure

[Install]
WantedBy=multi-user.target
`;
}
