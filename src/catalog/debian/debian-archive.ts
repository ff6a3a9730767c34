/** A Debian archive, checked link by link: InRelease -> Packages -> package. */
import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import type { DebianArchive, DebianSource, FetchOptions, FindPackageOptions, ProxyEnvironment, VerifiedPackage } from "../catalog.ts";
import { openFetcher } from "../fetch/open-fetcher.ts";
import { shownUrl } from "../fetch/shown-url.ts";
import { openDeb } from "../unpack/open-deb.ts";
import { chooseSources } from "./choose-sources.ts";
import { DEBIAN_ARCHIVE_KEYS, DEBIAN_KEYRINGS } from "./debian-keys.ts";
import { readHostSources } from "./host-sources.ts";
import { mirrorUri } from "./apt-sources.ts";
import { makeSuiteReader } from "./suite-reader.ts";
import { trustProbes } from "./trust-probes.ts";
import type { TrustedKeys } from "./verify-in-release.ts";

export interface DebianArchiveParts {
  readonly system: System;
  /** `debian.mirror` of the config, instead of the host's apt sources. */
  readonly mirror?: string | undefined;
  /** `debian.security_mirror` of the config; beside the mirror unless given. */
  readonly securityMirror?: string | undefined;
  /** Debian's own unless given. */
  readonly keys?: TrustedKeys;
  readonly proxies?: ProxyEnvironment;
  /** `/etc/apt` unless given. */
  readonly aptFolder?: string;
  /** Pauses between tries after a fault of the transport. */
  readonly retryDelaysMs?: readonly number[];
  /** After this long without a byte a connection is dead. */
  readonly stallMs?: number;
}

export function makeDebianArchive(parts: DebianArchiveParts): DebianArchive {
  const { system } = parts;
  const { proxies = {}, retryDelaysMs, stallMs } = parts;
  const fetcher = openFetcher(system, { proxies, advice: "set debian.mirror in the config", retryDelaysMs, stallMs });
  const suites = makeSuiteReader(system, fetcher, parts.keys ?? { keyrings: DEBIAN_KEYRINGS, fingerprints: DEBIAN_ARCHIVE_KEYS });

  const sources: DebianArchive["sources"] = async (suite) => {
    const mirror = checkedMirror("mirror", parts.mirror);
    const securityMirror = checkedMirror("security_mirror", parts.securityMirror);
    const host = mirror === undefined ? await readHostSources(system, parts.aptFolder ?? "/etc/apt") : [];
    const found = chooseSources(suite, host, { mirror, securityMirror });
    if (found.length > 0) return found;
    throw new BangerError(
      "unavailable",
      "no_debian_mirror",
      `cannot fetch from Debian's ${suite}: this computer's apt knows no Debian mirror`,
      {
        hint: "set debian.mirror in the config to the address of a Debian mirror, such as http://HOST/debian",
      },
    );
  };

  /** The kernels are in a security suite, which not every mirror has beside it. */
  const findIn = async (source: DebianSource, name: string, options: FindPackageOptions): Promise<VerifiedPackage | undefined> => {
    if (await suites.verify(source, options)) return suites.find(source, name, options.version, options);
    throw new BangerError(
      "unavailable",
      "mirror_lacks_suite",
      `cannot find package ${name}: ${shownUrl(source.uri)} has no ${source.suite}`,
      {
        hint: `set debian.${source.suite.endsWith("-security") ? "security_mirror" : "mirror"} in the config to the address of a mirror that has it`,
      },
    );
  };

  return {
    sources,
    verifySuite: (source, options) => suites.verify(source, options),
    findPackage: async (suite, name, options) => {
      const found = await firstThatAnswers(await sources(suite), (source) => findIn(source, name, options), options);
      if (found !== undefined) return found;
      const which = options.version === undefined ? name : `${name} ${options.version}`;
      throw new BangerError("not_found", "package_not_found", `cannot find package ${which}: Debian's ${suite} does not have it`, {
        hint: "a mirror may be behind: try again later, or set debian.mirror in the config",
      });
    },
    fetchPackage: (wanted, options) => fetcher.verified(wanted, options),
    probes: () => trustProbes(system, (parts.keys ?? { keyrings: DEBIAN_KEYRINGS }).keyrings),
    openPackage: (wanted, path, scratchPath, signal) => openDeb(system, path, wanted.sha256, scratchPath, signal),
  };
}

/** A mirror that cannot be reached is passed over; one that answers wrongly is not hushed up. */
async function firstThatAnswers(
  sources: readonly DebianSource[],
  ask: (source: DebianSource) => Promise<VerifiedPackage | undefined>,
  options: FetchOptions,
): Promise<VerifiedPackage | undefined> {
  let fault: BangerError | undefined;
  for (const source of sources) {
    try {
      const found = await ask(source);
      if (found !== undefined) return found;
      fault = undefined;
    } catch (error) {
      if (!(error instanceof BangerError) || error.kind !== "unavailable" || options.signal.aborted) throw error;
      fault = error;
    }
  }
  if (fault !== undefined) throw fault;
  return undefined;
}

function checkedMirror(key: "mirror" | "security_mirror", given: string | undefined): string | undefined {
  const uri = given === undefined ? undefined : mirrorUri(given);
  if (given === undefined || uri !== undefined) return uri;
  throw new BangerError(
    "invalid",
    "bad_mirror",
    `cannot use ${JSON.stringify(given)} as debian.${key}: it is not an http, https or file address`,
    {
      hint: "write it like http://HOST/debian",
    },
  );
}
