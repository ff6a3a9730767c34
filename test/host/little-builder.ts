/** Builds a kernel in a process of its own, as a daemon does that starts anew: to be killed, or to find no room. Prints the kernel, or the failure. */
import { makeBundles } from "../../src/catalog/bundle/make-bundles.ts";
import { makeDebianArchive } from "../../src/catalog/debian/debian-archive.ts";
import { openFetcher } from "../../src/catalog/fetch/open-fetcher.ts";
import { madeOffers } from "../../src/catalog/offers/made-offers.ts";
import { toErrorShape } from "../../src/contract/errors.ts";
import type { KernelBuilding } from "../../src/kernels/from-source/build-kernel.ts";
import { makeKernels } from "../../src/kernels/make-kernels.ts";
import { LEASES_MIGRATION, makeLeases } from "../../src/operations/leases-rows.ts";
import { runUnrecorded } from "../../src/operations/run-unrecorded.ts";
import { makeSystem } from "../../src/system/make-system.ts";
import { silentLog } from "./images-silent-log.ts";

export interface BuilderRequest {
  readonly name: string;
  readonly building: Omit<KernelBuilding, "fetcher">;
}

const { name, building } = JSON.parse(process.argv[2] ?? "") as BuilderRequest;
const system = makeSystem(process.env, silentLog);
const fetcher = openFetcher(system, { proxies: {}, advice: "", retryDelaysMs: [], stallMs: 5000 });
await system.files.makeFolder(system.layout.roots.state);
using database = system.databases.open(system.layout.database, [LEASES_MIGRATION]);
const leases = makeLeases(database);
const kernels = makeKernels({
  system,
  archive: makeDebianArchive({ system }),
  offers: madeOffers(),
  bundles: makeBundles(system, fetcher, leases),
  leases,
  agentPath: "",
  building: { ...building, fetcher },
});
try {
  await kernels.reconcile();
  const kernel = await runUnrecorded(
    system.clock,
    (context) => kernels.build({ name }, context),
    () => undefined,
    new AbortController().signal,
  );
  console.log(JSON.stringify(kernel));
} catch (error) {
  console.log(JSON.stringify(toErrorShape(error)));
  process.exitCode = 1;
}
