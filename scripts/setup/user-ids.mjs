/**
 * Ranges of user and group ids of one's own: images are made in a user namespace, which needs 65,536 of each in
 * /etc/subuid and /etc/subgid. Root needs none.
 */
import { existsSync, readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { SetupProblem } from "./problem.mjs";

const WANTED = 65_536;

/** Throws with what to type when the user has no ranges. */
export function checkUserIds() {
  const { uid, username } = userInfo();
  if (uid === 0) return;
  const without = ["/etc/subuid", "/etc/subgid"].filter(
    (file) => !hasRange(existsSync(file) ? readFileSync(file, "utf8") : "", username, uid),
  );
  if (without.length === 0) return;
  throw new SetupProblem(
    `cannot make images as ${username}: no range of ${WANTED} ids in ${without.join(" and ")}`,
    `sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${username}`,
  );
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
