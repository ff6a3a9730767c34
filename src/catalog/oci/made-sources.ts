/** Images of registries as they are where the config and the environment say nothing, for tests and benchmarks. */
import type { System } from "../../system/system.ts";
import type { OciSources } from "../catalog.ts";
import { openFetcher } from "../fetch/open-fetcher.ts";
import { makeOciSources } from "./oci-sources.ts";

export function madeSources(system: System): OciSources {
  const fetcher = openFetcher(system, { proxies: {}, advice: "ask whoever wrote the test", retryDelaysMs: [] });
  return makeOciSources({
    system,
    fetcher,
    settings: {},
    proxies: {},
    variables: {},
    architecture: "amd64",
    retryDelaysMs: [],
    stallMs: 5000,
  });
}
