/** The verified Release and index of one suite at one mirror. */
import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import type { DebianSource, FetchOptions, VerifiedPackage } from "../catalog.ts";
import type { Fetcher } from "../fetch/fetcher.ts";
import { shownUrl } from "../fetch/shown-url.ts";
import { checkRelease } from "./check-release.ts";
import { findInIndex } from "./packages-index.ts";
import { readIndex } from "./read-index.ts";
import { parseRelease, type IndexDigest, type ReleaseFile } from "./release-file.ts";
import { makeSeenReleases } from "./seen-releases.ts";
import { verifyInRelease, type TrustedKeys } from "./verify-in-release.ts";

const IN_RELEASE_MAX_BYTES = 4 * 2 ** 20;
const INDEX_MAX_BYTES = 64 * 2 ** 20;
/** Debian's largest has some 60 MB. */
const INDEX_UNPACKED_MAX_BYTES = 256 * 2 ** 20;
/** An index shrinks to a sixth. A bomb is let grow to this many times its size, and a little for small ones. */
const INDEX_RATIO_MAX = 64;
const INDEX_SLACK_BYTES = 2 ** 20;
const INDEX_TIMEOUT_MS = 2 * 60_000;
const HINT = "use another mirror: set debian.mirror in the config";
/** One pull asks for two or three packages: they are to come from one state of the archive. */
const RELEASE_KEPT_MS = 5 * 60_000;

export interface SuiteReader {
  /** As `DebianArchive.verifySuite`. */
  verify(source: DebianSource, options: FetchOptions): Promise<boolean>;
  find(source: DebianSource, name: string, version: string | undefined, options: FetchOptions): Promise<VerifiedPackage | undefined>;
}

export function makeSuiteReader(system: System, fetcher: Fetcher, keys: TrustedKeys): SuiteReader {
  const kept = new Map<string, { readonly release: ReleaseFile; readonly atMs: number }>();
  const seen = makeSeenReleases(system);

  const releaseOf = async (source: DebianSource, signal: AbortSignal): Promise<ReleaseFile> => {
    const url = `${source.uri}/dists/${source.suite}/InRelease`;
    const old = kept.get(url);
    if (old !== undefined && system.clock.monotonicMs() - old.atMs < RELEASE_KEPT_MS) {
      checkRelease(old.release, source.suite, system.clock.nowMs(), undefined);
      return old.release;
    }
    const signed = await fetcher.small(url, IN_RELEASE_MAX_BYTES, signal);
    const text = await verifyInRelease(system, signed, shownUrl(url), keys, signal);
    const release = understood(shownUrl(url), () => parseRelease(text));
    checkRelease(release, source.suite, system.clock.nowMs(), await seen.newestMs(source.suite));
    await seen.remember(source.suite, release.dateMs);
    kept.set(url, { release, atMs: system.clock.monotonicMs() });
    return release;
  };

  const fetchIndex = async (
    source: DebianSource,
    component: string,
    release: ReleaseFile,
    options: FetchOptions,
  ): Promise<{ readonly path: string; readonly sha256: string }> => {
    const name = `${component}/binary-amd64/Packages.xz`;
    const digest = indexDigest(release, name, source);
    const { sha256 } = digest;
    const folder = `${source.uri}/dists/${source.suite}`;
    const fetchFrom = async (url: string) => ({ path: await fetcher.verified({ url, ...digest }, { signal: options.signal }), sha256 });
    if (!release.hasByHash) return fetchFrom(`${folder}/${name}`);
    try {
      // By its digest an index is there also while the mirror is being updated.
      return await fetchFrom(`${folder}/${component}/binary-amd64/by-hash/SHA256/${sha256}`);
    } catch (error) {
      if (!(error instanceof BangerError) || error.code !== "mirror_lacks_file") throw error;
      return fetchFrom(`${folder}/${name}`);
    }
  };

  return {
    verify: async (source, { signal }) => {
      try {
        await releaseOf(source, signal);
        return true;
      } catch (error) {
        if (error instanceof BangerError && error.code === "mirror_lacks_file") return false;
        throw error;
      }
    },
    find: async (source, name, version, options) => {
      const release = await releaseOf(source, options.signal);
      for (const component of source.components) {
        const index = await fetchIndex(source, component, release, options);
        const limits = { maxBytes: unpackedMax(release, component), timeoutMs: INDEX_TIMEOUT_MS, signal: options.signal };
        const found = await understood(`${shownUrl(source.uri)} ${source.suite} ${component}`, () =>
          readIndex(system, index, limits, (parts) => findInIndex(parts, name, version, source)),
        );
        if (found !== undefined) return found;
      }
      return undefined;
    },
  };
}

function indexDigest(release: ReleaseFile, name: string, source: DebianSource): IndexDigest {
  const digest = release.indexes.get(name);
  if (digest === undefined) {
    throw new BangerError(
      "refused",
      "index_not_signed",
      `cannot use the Debian archive for ${source.suite}: its signed Release does not name ${name}`,
      { hint: HINT },
    );
  }
  if (digest.bytes > INDEX_MAX_BYTES) {
    throw new BangerError(
      "refused",
      "index_too_large",
      `cannot use the Debian archive for ${source.suite}: its ${name} has ${digest.bytes} bytes, more than the ${INDEX_MAX_BYTES} allowed`,
      { hint: HINT },
    );
  }
  return digest;
}

/** The signed Release also names the unpacked index, and so its size. */
function unpackedMax(release: ReleaseFile, component: string): number {
  const bytesOf = (name: string): number | undefined => release.indexes.get(`${component}/binary-amd64/${name}`)?.bytes;
  const grown = (bytesOf("Packages.xz") ?? 0) * INDEX_RATIO_MAX + INDEX_SLACK_BYTES;
  return Math.min(bytesOf("Packages") ?? grown, grown, INDEX_UNPACKED_MAX_BYTES);
}

/** What a parser or an unpacker throws, as a failure that names the thing: it was signed, and is still not what it should be. */
function understood<T>(subject: string, parse: () => T): T {
  const fail = (error: unknown): never => {
    if (!(error instanceof Error) || (error instanceof BangerError && error.hint !== undefined)) throw error;
    if (error instanceof BangerError && error.kind !== "refused" && error.kind !== "invalid") throw error;
    const { kind, code } = error instanceof BangerError ? error : ({ kind: "invalid", code: "archive_not_understood" } as const);
    throw new BangerError(kind, code, `cannot use the Debian archive ${subject}: ${error.message}`, { cause: error, hint: HINT });
  };
  try {
    const result = parse();
    return result instanceof Promise ? (result.catch(fail) as T) : result;
  } catch (error) {
    return fail(error);
  }
}
