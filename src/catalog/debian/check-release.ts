/** Whether a verified Release is the one that was asked for, and of today. Pure. */
import { BangerError } from "../../contract/errors.ts";
import type { ReleaseFile } from "./release-file.ts";

/** Clocks differ; a Release from further ahead means that this computer's clock is wrong, and then Valid-Until says nothing. */
const FUTURE_TOLERANCE_MS = 60 * 60_000;
/** One mirror may lag behind another; a Release older than this against the newest one seen is an attack or a dead mirror. */
const ROLLBACK_TOLERANCE_MS = 2 * 24 * 60 * 60_000;

/**
 * @param newestSeenMs the newest Date of this suite that was ever verified here.
 * @throws `BangerError` `refused`: `release_of_other_suite`, `release_from_future`, `release_expired`, `release_rolled_back`.
 */
export function checkRelease(release: ReleaseFile, suite: string, nowMs: number, newestSeenMs: number | undefined): void {
  const day = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace("T", " ");
  const fail = (code: string, why: string, hint: string): never => {
    throw new BangerError("refused", code, `cannot use the Debian archive for ${suite}: ${why}`, { hint });
  };
  if (release.codename !== suite && release.suite !== suite) {
    fail(
      "release_of_other_suite",
      `the mirror answered with ${release.codename ?? release.suite ?? "an unnamed suite"} instead`,
      "use another mirror: set debian.mirror in the config",
    );
  }
  if (release.dateMs > nowMs + FUTURE_TOLERANCE_MS) {
    fail(
      "release_from_future",
      `it is dated ${day(release.dateMs)} UTC and this computer's clock says ${day(nowMs)} UTC`,
      "check the clock: timedatectl",
    );
  }
  if (release.validUntilMs !== undefined && release.validUntilMs < nowMs) {
    fail(
      "release_expired",
      `it was valid until ${day(release.validUntilMs)} UTC and this computer's clock says ${day(nowMs)} UTC`,
      "check the clock (timedatectl), or use another mirror: set debian.mirror in the config",
    );
  }
  if (newestSeenMs !== undefined && release.dateMs < newestSeenMs - ROLLBACK_TOLERANCE_MS) {
    fail(
      "release_rolled_back",
      `it is dated ${day(release.dateMs)} UTC, but one of ${day(newestSeenMs)} UTC was seen before`,
      "use another mirror: set debian.mirror in the config",
    );
  }
}
