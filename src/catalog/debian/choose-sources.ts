/** Which sources serve a suite: pure, from what the host's apt and banger's config say. */
import type { DebianSource } from "../catalog.ts";

/** Suites that only Debian has; a source of one of them is a Debian mirror, which has the others too. */
const DEBIAN_SUITES = ["bullseye", "bookworm", "trixie", "forky", "sid", "unstable", "testing", "stable", "oldstable", "oldoldstable"];

/** What the config says. */
export interface ConfiguredMirrors {
  readonly mirror?: string | undefined;
  readonly securityMirror?: string | undefined;
}

/**
 * The sources to ask for `suite`, best first; empty when no Debian mirror is known.
 *
 * Mirrors given by the config replace the host's sources. A host that follows another release has no source for the
 * suite, but its mirror has it. Security suites live beside the archive: `.../debian` and `.../debian-security`.
 */
export function chooseSources(
  suite: string,
  host: readonly DebianSource[],
  { mirror, securityMirror }: ConfiguredMirrors,
): readonly DebianSource[] {
  const isSecurity = suite.endsWith("-security");
  const at = (uri: string): DebianSource => ({ uri, suite, components: ["main"] });
  if (isSecurity && securityMirror !== undefined) return [at(securityMirror)];
  if (mirror !== undefined) return [at(isSecurity ? `${mirror}-security` : mirror)];
  const exact = host.filter((source) => source.suite === suite && source.components.includes("main"));
  if (exact.length > 0) return unique(exact.map((source) => at(source.uri)));
  const sameKind = host.filter((source) => DEBIAN_SUITES.includes(isSecurity ? source.suite.replace(/-security$/, "") : source.suite));
  const ofKind = isSecurity ? sameKind.filter((source) => source.suite.endsWith("-security")) : sameKind;
  if (ofKind.length > 0) return unique(ofKind.map((source) => at(source.uri)));
  const archives = isSecurity ? host.filter((source) => DEBIAN_SUITES.includes(source.suite) && source.uri.endsWith("/debian")) : [];
  return unique(archives.map((source) => at(`${source.uri}-security`)));
}

function unique(sources: readonly DebianSource[]): readonly DebianSource[] {
  return sources.filter((source, index) => sources.findIndex((other) => other.uri === source.uri) === index);
}
