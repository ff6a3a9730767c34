/**
 * Plain `ssh NAME.banger`, and with it scp, rsync, git and editors: a file of ours says how, and one line at the beginning of the user's own
 * configuration has it included. Nothing else of the user's is touched.
 */
import { dirname, join } from "node:path";
import { BangerError } from "../contract/errors.ts";
import type { SshConfig } from "../contract/local-work.ts";
import type { System } from "../system/system.ts";

const MARK = "# Vms of banger as NAME.banger; banger ssh-config --remove takes this out.";
const CONFIG_MAX_BYTES = 4 * 2 ** 20;

/** The user's home by the environment, and where the password file has it, which is where OpenSSH looks. */
export interface Homes {
  readonly home: string;
  readonly accountHome: string;
}

/** Writes our file, and has the user's include it. */
export async function writeUserConfig(system: System, homes: Homes, text: string): Promise<SshConfig> {
  const { files, layout } = system;
  const path = join(layout.ssh, "config");
  await files.makeFolder(layout.ssh);
  await files.write(path, text);
  const userPath = join(homes.home, ".ssh/config");
  return { path, userPath, isChanged: await change(system, userPath, (own) => withInclude(own, path)), isRead: isRead(homes) };
}

/** Undoes `writeUserConfig`. */
export async function removeUserConfig(system: System, homes: Homes): Promise<SshConfig> {
  const path = join(system.layout.ssh, "config");
  const userPath = join(homes.home, ".ssh/config");
  const isChanged = await change(system, userPath, (own) => withoutInclude(own, path));
  await system.files.removeFile(path);
  return { path, userPath, isChanged, isRead: isRead(homes) };
}

/** First of all: behind a `Host` it would hold for that one alone. */
export function withInclude(text: string, path: string): string {
  const own = withoutInclude(text, path);
  return `${MARK}\n${includeOf(path)}\n${own === "" ? "" : "\n"}${own}`;
}

export function withoutInclude(text: string, path: string): string {
  const lines = text.split("\n");
  const at = lines.indexOf(includeOf(path));
  if (at < 0) return text;
  const from = lines[at - 1] === MARK ? at - 1 : at;
  // The empty line behind it is ours, too, where it is none that ends the file.
  const hasGap = from === 0 && lines[at + 1] === "" && at + 2 < lines.length;
  lines.splice(from, at - from + (hasGap ? 2 : 1));
  return lines.join("\n");
}

function isRead({ home, accountHome }: Homes): boolean {
  return home === accountHome;
}

function includeOf(path: string): string {
  return `Include "${path}"`;
}

async function change({ files }: System, userPath: string, edit: (text: string) => string): Promise<boolean> {
  const found = await files.find(userPath);
  if (found !== undefined && found.kind !== "file") {
    throw new BangerError("refused", "ssh_config_odd", `cannot change ${userPath}: it is a ${found.kind}`, {
      hint: "banger ssh-config --print shows what to put there yourself",
    });
  }
  const text = found === undefined ? "" : await files.readText(userPath, CONFIG_MAX_BYTES);
  const changed = edit(text);
  if (changed === text) return false;
  await files.makeFolder(dirname(userPath));
  await files.write(userPath, changed, found?.mode);
  return true;
}
