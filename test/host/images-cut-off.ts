/** `images-cut-off.ts HOME`: pulls an image as a daemon does, until it is killed. */
import { makeLeases } from "../../src/operations/leases-rows.ts";
import { OPERATIONS_MIGRATIONS } from "../../src/operations/operations-rows.ts";
import { makeSystem } from "../../src/system/make-system.ts";
import { imagesOfApt } from "./images-of-apt.ts";
import { recordingContext } from "./images-recording-context.ts";
import { silentLog } from "./images-silent-log.ts";

const system = makeSystem({ PATH: process.env["PATH"], BANGER_HOME: process.argv[2] }, silentLog);
await system.files.makeFolder(system.layout.roots.state);
const leases = makeLeases(system.databases.open(system.layout.database, OPERATIONS_MIGRATIONS));
const images = imagesOfApt(system, leases);
await images.pull("debian-bookworm", "debian-bookworm", recordingContext());
