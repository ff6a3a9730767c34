/** An image in a folder in the OCI image layout, as `skopeo copy ... oci:FOLDER` and `umoci` make it. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import { makeFileTransport } from "../fetch/file-transport.ts";
import { parseJsonObject } from "./bounded-json.ts";
import { DOCUMENT_MAX_BYTES } from "./image-document.ts";
import { formatImageReference, type LocalReference } from "./image-reference.ts";
import type { ImageSource } from "./image-source.ts";

const ADVICE = "make the folder anew";

export function openLayoutSource(system: System, reference: LocalReference): ImageSource {
  const what = formatImageReference(reference);
  const read = async (name: string): Promise<Uint8Array> => {
    const path = join(reference.path, name);
    const info = await system.files.find(path);
    if (info?.kind !== "file") throw noLayout(what, `it has no file ${name}`);
    if (info.bytes > DOCUMENT_MAX_BYTES) throw noLayout(what, `its ${name} has more than ${DOCUMENT_MAX_BYTES} bytes`);
    return system.files.read(path, DOCUMENT_MAX_BYTES);
  };
  const blobs = makeFileTransport(system, ADVICE);
  return {
    root: async () => {
      const version = parseJsonObject(await read("oci-layout"), what)["imageLayoutVersion"];
      if (version !== "1.0.0") throw noLayout(what, "it is of another version than 1.0.0");
      return { bytes: await read("index.json"), type: "application/vnd.oci.image.index.v1+json" };
    },
    documents: () => blobs,
    blobs,
    addressOf: (digest) => pathToFileURL(join(reference.path, "blobs/sha256", digest.slice("sha256:".length))).href,
  };
}

function noLayout(what: string, why: string): BangerError {
  return new BangerError("refused", "bad_oci_layout", `cannot use ${what}: it is no folder in the OCI image layout: ${why}`, {
    hint: "skopeo copy docker://debian:bookworm oci:FOLDER:TAG makes one",
  });
}
