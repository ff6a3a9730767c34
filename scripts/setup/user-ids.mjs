/**
 * Ranges of user and group ids of one's own: images are made in a user namespace, which needs 65,536 of each in
 * /etc/subuid and /etc/subgid. Root needs none.
 */
import { existsSync, readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { SetupProblem } from "./problem.mjs";

const WANTED = 65_536;
/** Where Debian's useradd begins. */
const LOWEST = 100_000;

/** Throws with what to type when the user has no ranges. */
export function checkUserIds() {
  const { uid, username } = userInfo();
  if (uid === 0) return;
  const files = ["/etc/subuid", "/etc/subgid"].map((path) => ({ path, text: existsSync(path) ? readFileSync(path, "utf8") : "" }));
  const without = files.filter(({ text }) => !hasRange(text, username, uid));
  if (without.length === 0) return;
  const first = Math.max(...files.map(({ text }) => firstFree(text)));
  const range = `${first}-${first + WANTED - 1}`;
  throw new SetupProblem(
    `cannot make images as ${username}: no range of ${WANTED} ids in ${without.map(({ path }) => path).join(" and ")}`,
    `sudo usermod --add-subuids ${range} --add-subgids ${range} ${username}`,
  );
}

/**
 * The first id above all ranges that a subid file gives to anybody.
 * @param {string} text
 */
export function firstFree(text) {
  const ends = text.split("\n").map((line) => {
    const [, start, count] = line.trim().split(":");
    return Number(start) + Number(count);
  });
  return Math.max(LOWEST, ...ends.filter(Number.isSafeInteger));
}

/**
 * Whether a subid file gives a user a range that is long enough.
 * @param {string} text
 * @param {string} username
 * @param {number} uid
 */
export function hasRange(text, username, uid) {
  return text.split("\n").some((line) => {
    const [owner, , count] = line.trim().split(":");
    return (owner === username || owner === String(uid)) && Number(count) >= WANTED;
  });
}
