/** `images-cut-off.ts HOME`: pulls an image as a daemon does, until it is killed. */
import { madeSources } from "../../src/catalog/oci/made-sources.ts";
import { madeOffers } from "../../src/catalog/offers/made-offers.ts";
import { makeImages } from "../../src/images/make-images.ts";
import { makeLeases } from "../../src/operations/leases-rows.ts";
import { OPERATIONS_MIGRATIONS } from "../../src/operations/operations-rows.ts";
import { makeSystem } from "../../src/system/make-system.ts";
import { aptArchive } from "./images-apt-archive.ts";
import { recordingContext } from "./images-recording-context.ts";
import { silentLog } from "./images-silent-log.ts";

const system = makeSystem({ PATH: process.env["PATH"], BANGER_HOME: process.argv[2] }, silentLog);
await system.files.makeFolder(system.layout.roots.state);
const leases = makeLeases(system.databases.open(system.layout.database, OPERATIONS_MIGRATIONS));
const images = makeImages({
  system,
  offers: madeOffers(),
  archive: aptArchive,
  sources: madeSources(system),
  placeLayers: async () => "banger-layers",
  leases,
  uid: process.getuid?.() ?? 0,
});
await images.pull("debian-bookworm", "debian-bookworm", recordingContext());
