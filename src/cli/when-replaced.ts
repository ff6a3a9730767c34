import { BangerError } from "../contract/errors.ts";
import type { LogPlace } from "../sdk/sdk.ts";
import { quote } from "./shell-word.ts";

/**
 * What to tell when the daemon beneath a command that reads on and on is of another version by now, as after an upgrade: ours cannot go on, and
 * `words` go on with the new program where it was, if it had come anywhere. Any other failure as it is.
 */
export function whenReplaced(error: unknown, words: string | undefined): unknown {
  if (!(error instanceof BangerError) || error.code !== "daemon_version_differs" || words === undefined) return error;
  const { client, daemon } = error.data ?? {};
  const message = `cannot go on: the daemon was replaced by that of banger ${String(daemon)}, and this is banger ${String(client)}`;
  return new BangerError(error.kind, error.code, message, {
    hint: words,
    ...(error.data === undefined ? {} : { data: error.data }),
    cause: error,
  });
}

/** What follows a log from a place on, as it would be typed; undefined when there is no place. A cursor is the guest's: it is quoted. */
export function wordsToFollow(vm: string, source: string | undefined, { from, cursor }: LogPlace): string | undefined {
  const words = `banger logs -f ${vm}${source === undefined ? "" : ` --source ${source}`}`;
  if (from !== undefined) return `${words} --from ${from}`;
  return cursor === undefined ? undefined : `${words} --cursor ${quote(cursor)}`;
}
