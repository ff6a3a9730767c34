/** What tests are told through the environment. */
import { existsSync } from "node:fs";
import { AGENT, BANGER, inRoot } from "../setup/places.mjs";

/**
 * - `BANGER_BINARY`, `BANGER_AGENT`: what was built.
 * - `BANGER_TEST_KERNELS`: a folder of ready kernels, when there is one beside the checkout. Tests pass without it.
 * - `BANGER_TEST_FULL`: set for the long run.
 * - `BANGER_TEST_GOODS`: where kernels and images are that are shared by tests; `build/test-goods` unless set.
 * The user's own BANGER_HOME is out of reach.
 * @param {{ full: boolean }} options
 * @returns {NodeJS.ProcessEnv}
 */
export function testEnvironment({ full }) {
  const kernels = inRoot("../shared/kernels");
  const { BANGER_HOME: _usersOwn, ...env } = process.env;
  return {
    ...(existsSync(kernels) ? { BANGER_TEST_KERNELS: kernels } : {}),
    ...(full ? { BANGER_TEST_FULL: "1" } : {}),
    ...env,
    BANGER_BINARY: BANGER,
    BANGER_AGENT: AGENT,
    NO_COLOR: "1",
  };
}
