/** What tests are told through the environment. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import { AGENT, BANGER, inRoot } from "../setup/places.mjs";

/** So much room the sockets below a BANGER_HOME take, of the 107 bytes that Linux allows. */
const ROOM_FOR_SOCKETS = 40;

/**
 * - `BANGER_BINARY`, `BANGER_AGENT`: what was built.
 * - `BANGER_TEST_HOME`: a folder that lasts between runs, where the shared kernel and image are made once.
 * - `BANGER_TEST_KERNELS`: a folder of ready kernels, when there is one beside the checkout. Tests pass without it.
 * - `BANGER_TEST_FULL`: set for the long run.
 * The user's own BANGER_HOME is out of reach.
 * @param {{ full: boolean }} options
 * @returns {NodeJS.ProcessEnv}
 */
export function testEnvironment({ full }) {
  const kernels = inRoot("../shared/kernels");
  const { BANGER_HOME: _usersOwn, ...env } = process.env;
  return {
    BANGER_TEST_HOME: testHome(),
    ...(existsSync(kernels) ? { BANGER_TEST_KERNELS: kernels } : {}),
    ...(full ? { BANGER_TEST_FULL: "1" } : {}),
    ...env,
    BANGER_BINARY: BANGER,
    BANGER_AGENT: AGENT,
    NO_COLOR: "1",
  };
}

function testHome() {
  const inside = inRoot("build/test-home");
  if (Buffer.byteLength(inside) + ROOM_FOR_SOCKETS <= 107) return inside;
  const name = createHash("sha256").update(inside).digest("hex").slice(0, 8);
  return `/var/tmp/banger-test-${userInfo().uid}-${name}`;
}
