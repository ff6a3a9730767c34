/**
 * Where banger keeps its things, and where its daemon listens: known to both ends of the socket. With `BANGER_HOME` all is
 * below it; otherwise the XDG base directory specification rules. `run` holds sockets and dies with the boot.
 */
import { join } from "node:path";
import { BangerError } from "./errors.ts";

export interface Roots {
  readonly config: string;
  readonly state: string;
  readonly data: string;
  readonly cache: string;
  readonly run: string;
}

/** The variables that say where. */
export interface RootsEnvironment {
  readonly BANGER_HOME?: string | undefined;
  readonly HOME?: string | undefined;
  readonly XDG_CONFIG_HOME?: string | undefined;
  readonly XDG_STATE_HOME?: string | undefined;
  readonly XDG_DATA_HOME?: string | undefined;
  readonly XDG_CACHE_HOME?: string | undefined;
  readonly XDG_RUNTIME_DIR?: string | undefined;
}

/** The roots for an environment. Throws `invalid` when no home is known or one is not absolute. */
export function findRoots(environment: RootsEnvironment): Roots {
  const whole = absolute(environment.BANGER_HOME, "BANGER_HOME");
  if (whole !== undefined) {
    return {
      config: join(whole, "config"),
      state: join(whole, "state"),
      data: join(whole, "data"),
      cache: join(whole, "cache"),
      run: join(whole, "run"),
    };
  }
  const home = absolute(environment.HOME, "HOME");
  if (home === undefined) {
    throw new BangerError("invalid", "no_home", "cannot find a place for banger's files: neither HOME nor BANGER_HOME is set", {
      hint: "set BANGER_HOME to a folder of your own",
    });
  }
  const state = join(xdg(environment.XDG_STATE_HOME) ?? join(home, ".local/state"), "banger");
  const runtime = xdg(environment.XDG_RUNTIME_DIR);
  return {
    config: join(xdg(environment.XDG_CONFIG_HOME) ?? join(home, ".config"), "banger"),
    state,
    data: join(xdg(environment.XDG_DATA_HOME) ?? join(home, ".local/share"), "banger"),
    cache: join(xdg(environment.XDG_CACHE_HOME) ?? join(home, ".cache"), "banger"),
    run: runtime === undefined ? join(state, "run") : join(runtime, "banger"),
  };
}

/** Where a daemon that is started with these roots listens. */
export function daemonSocketOf(roots: Roots): string {
  return join(roots.run, "banger.sock");
}

/** Where the daemon logs below these roots. */
export function daemonLogOf(roots: Roots): string {
  return join(roots.state, "daemon.log");
}

/** Where a daemon that runs says which process it is, and where it listens; see `contract/daemon-note.ts`. */
export function daemonNoteOf(roots: Roots): string {
  return join(roots.state, "daemon.json");
}

/** The XDG specification has relative paths ignored. */
function xdg(value: string | undefined): string | undefined {
  return value?.startsWith("/") === true ? value : undefined;
}

function absolute(value: string | undefined, name: string): string | undefined {
  if (value === undefined || value === "") return undefined;
  if (value.startsWith("/")) return value;
  throw new BangerError("invalid", "relative_home", `cannot use ${name}=${value}: it is not an absolute path`, {
    hint: `set ${name} to a path that starts with /`,
  });
}
