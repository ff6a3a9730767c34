/** Pulls one image in a process of its own, which believes the CAs that its environment names; prints what came of it. */
import { BangerError } from "../../src/contract/errors.ts";
import { openPuller } from "../support/oci-world.ts";

const [text = ""] = process.argv.slice(2);
using puller = openPuller();
try {
  const paths = await puller.pull(text);
  console.log(JSON.stringify({ layers: paths.length }));
} catch (error) {
  console.log(JSON.stringify({ code: error instanceof BangerError ? error.code : String(error) }));
}
