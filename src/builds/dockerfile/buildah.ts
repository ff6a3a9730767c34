/**
 * Buildah, as a program that works in one folder. Outside of it stays what buildah itself has for all that it does, and none of a build: an empty
 * `cni.lock` beside the settings of its networks, and, root's alone, a cache that tells which digests are those of one layer.
 */
import { join } from "node:path";
import { diskFull } from "../../contract/disk-full.ts";
import { BangerError } from "../../contract/errors.ts";
import { escapeText } from "../../contract/escape-text.ts";
import type { System } from "../../system/system.ts";
import { asAllUsers } from "./dockerfile-folder.ts";
import { withOwnDevices } from "./own-devices.ts";

export interface BuildahParts {
  readonly system: System;
  readonly uid: number;
  /** The user's environment, for the proxies and the logins that it may name or lead to. */
  readonly variables: Readonly<Record<string, string | undefined>>;
}

export interface Buildah {
  /**
   * Runs it in its folder; gives the last line of its stdout. Throws `refused` `dockerfile_failed`, `unavailable` `disk_full`.
   * @param onLine gets each line that it prints, fit for a terminal.
   */
  run(words: readonly string[], onLine?: (line: string) => void): Promise<string>;
}

const RUN_MS = 24 * 60 * 60_000;
const GRACE_MS = 1000;
const LINE_MAX_CHARACTERS = 8 * 1024;
const WORDS_KEPT = 20;
/** So it says that a file of the layer's takes no more, and has lost why. */
const LOST_WHY = /storing layer \S+ to file: io: read\/write on closed pipe/;
const PASSED_ON = [
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
  "http_proxy",
  "https_proxy",
  "no_proxy",
  "XDG_RUNTIME_DIR",
  "XDG_CONFIG_HOME",
  "DOCKER_CONFIG",
  "REGISTRY_AUTH_FILE",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
];

/** Throws `unavailable` `no_buildah`. @param what for messages: `cannot build image web`. */
export function requireBuildah({ processes }: System, what: string): void {
  if (processes.which("buildah") !== undefined) return;
  throw new BangerError("unavailable", "no_buildah", `${what}: Dockerfiles are built by buildah, which is not installed`, {
    hint: "sudo apt install buildah; or write a recipe instead, which needs nothing (docs/images.md)",
  });
}

export function openBuildah({ system, uid, variables }: BuildahParts, folder: string, what: string, signal: AbortSignal): Buildah {
  // The namespace's first process is buildah: when it dies, for whatever reason, the kernel ends all that it has started.
  const apart = ["unshare", ...asAllUsers(uid), "--mount-proc", "--pid", "--fork", "--kill-child", ...withOwnDevices(folder)];
  // Of the ways to store layers the one that works on every file system and for every user.
  const storage = [`--root=${join(folder, "root")}`, `--runroot=${join(folder, "run")}`, "--storage-driver=vfs"];
  const env = Object.fromEntries(PASSED_ON.flatMap((name) => (variables[name] === undefined ? [] : [[name, variables[name]]])));
  return {
    run: async (words, onLine = () => undefined) => {
      const complaints: string[] = [];
      await using child = await system.processes.start([...apart, "buildah", ...storage, ...words], {
        timeoutMs: RUN_MS,
        graceMs: GRACE_MS,
        signal,
        isPatient: true,
        cwd: folder,
        env: { ...env, TMPDIR: join(folder, "tmp") },
        onStderrLine: (line) => {
          const safe = escapeText(line);
          complaints.splice(0, complaints.length - WORDS_KEPT + 1);
          complaints.push(safe);
          onLine(safe);
        },
      });
      child.stdin.on("error", () => undefined);
      child.stdin.end();
      let last = "";
      let rest = "";
      const tell = (line: string): void => {
        last = escapeText(line.trimEnd());
        onLine(last);
      };
      for await (const part of child.stdout as AsyncIterable<Buffer>) {
        const lines = (rest + part.toString("utf8")).split("\n");
        rest = (lines.pop() ?? "").slice(0, LINE_MAX_CHARACTERS);
        for (const line of lines) tell(line.slice(0, LINE_MAX_CHARACTERS));
      }
      if (rest !== "") tell(rest);
      const end = await child.ended;
      signal.throwIfAborted();
      if (end.code === 0) return last;
      const how = end.code === undefined ? `was ended by ${end.signal ?? "a signal"}` : `ended with code ${end.code}`;
      const all = complaints.join("\n");
      const disk = system.layout.buildah;
      if (/no space left on device|disk quota exceeded/i.test(all)) throw diskFull(what, disk, new Error(all));
      if (LOST_WHY.test(all)) throw diskFull(what, disk, new Error(all), "takes no more: it is full, or fails");
      const why = complaints.findLast((line) => /^(?:Error|unshare): /i.test(line)) ?? complaints.at(-1) ?? "it did not say why";
      throw new BangerError("refused", "dockerfile_failed", `${what}: buildah ${how}: ${why}`, {
        hint: uid === 0 ? "mend the Dockerfile, then the same again" : "mend the Dockerfile, then the same again; or banger doctor",
        data: { buildah: complaints },
      });
    },
  };
}
