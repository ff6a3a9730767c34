/**
 * An image of ours for `FROM`: a guest of it gives its root as an archive, which becomes the one layer of an image in buildah's storage, called
 * as it is here. So the host opens no file system that a guest or a stranger has written.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { BangerError } from "../../contract/errors.ts";
import type { StoredImage } from "../../images/images.ts";
import type { OperationContext } from "../../operations/operations.ts";
import type { System } from "../../system/system.ts";
import type { BuildRequest } from "../builds.ts";
import type { KeepParts } from "../keep-workshop.ts";
import { IDENTITY } from "../private-files.ts";
import { inWorkshop, type WorkshopUse } from "../in-workshop.ts";
import type { WorkshopParts } from "../workshop.ts";
import type { Buildah } from "./buildah.ts";

/** As much as any image may have. */
const LAYER_MAX_BYTES = 64 * 2 ** 30;
const LAYOUT = "base";
const WITH_HOME = { ...IDENTITY, leaveOut: [...IDENTITY.leaveOut, "root/lost+found"], home: true };

/**
 * Stages: as a create, and `export`.
 * @param as the image that is built of it.
 * @param kernel of the guest; its own when left out.
 * @param what how a refusal begins.
 */
export async function offerBase(
  parts: KeepParts & WorkshopParts,
  buildah: Buildah,
  folder: string,
  base: StoredImage,
  { as, kernelRef: kernel }: Pick<BuildRequest, "as" | "kernelRef">,
  what: string,
  context: OperationContext,
): Promise<void> {
  const { system, vms } = parts;
  const { files } = system;
  const layout = join(folder, LAYOUT);
  const blobs = join(layout, "blobs/sha256");
  await files.makeFolder(blobs);
  const wanted = { image: base.name, kernel, nat: false, init: "agent" } as const;
  const make: WorkshopUse["make"] = (name, labels, steps) => vms.create({ ...wanted, name, labels }, steps);
  const layer = await inWorkshop(parts, { as, what, make }, context, async ({ vm }, steps) => {
    const agent = await vms.agentOf(vm.id);
    return await steps.stage("export", async (stage) => {
      stage.note(base.name);
      const stream = await agent.openExport(WITH_HOME, steps.signal);
      return await writeBlob(system, blobs, stream, base.name, steps.signal, (done) => stage.progress(done, undefined, "bytes"));
    });
  });
  const put = async (value: unknown, mediaType: string): Promise<Blob> => {
    const text = JSON.stringify(value);
    const sha256 = createHash("sha256").update(text).digest("hex");
    await files.write(join(blobs, sha256), text);
    return { mediaType, digest: `sha256:${sha256}`, size: Buffer.byteLength(text) };
  };
  const config = await put(configOf(base, layer.digest), "application/vnd.oci.image.config.v1+json");
  const manifest = await put({ schemaVersion: 2, mediaType: MANIFEST, config, layers: [layer] }, MANIFEST);
  const annotations = { "org.opencontainers.image.ref.name": "it" };
  await files.write(join(layout, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }));
  await files.write(join(layout, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  // From where it works: it takes no path that has capitals in it.
  const id = await buildah.run(["pull", "--quiet", `oci:${LAYOUT}:it`]);
  await buildah.run(["tag", id, `localhost/${base.name}:latest`]);
  await files.removeTree(layout);
}

interface Blob {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";

async function writeBlob(
  { files }: System,
  blobs: string,
  stream: Readable,
  name: string,
  signal: AbortSignal,
  onProgress: (done: number) => void,
): Promise<Blob> {
  const hash = createHash("sha256");
  let size = 0;
  const draft = join(blobs, "draft");
  const counted = async function* (source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const part of source) {
      size += part.length;
      if (size > LAYER_MAX_BYTES)
        throw new BangerError(
          "refused",
          "layer_too_large",
          `cannot begin with image ${name}: its guest gives more than ${LAYER_MAX_BYTES} bytes`,
        );
      hash.update(part);
      onProgress(size);
      yield part;
    }
  };
  await pipeline(stream, counted, files.openWrite(draft), { signal });
  const sha256 = hash.digest("hex");
  await files.rename(draft, join(blobs, sha256));
  return { mediaType: "application/vnd.oci.image.layer.v1.tar", digest: `sha256:${sha256}`, size };
}

function configOf({ arch, env, commands }: StoredImage, diffId: string): unknown {
  const { user, workingDir, entrypoint, cmd } = commands;
  return {
    architecture: arch,
    os: "linux",
    config: {
      Env: env,
      ...(user === "" ? {} : { User: user }),
      ...(workingDir === "" ? {} : { WorkingDir: workingDir }),
      ...(entrypoint.length === 0 ? {} : { Entrypoint: entrypoint }),
      ...(cmd.length === 0 ? {} : { Cmd: cmd }),
    },
    rootfs: { type: "layers", diff_ids: [diffId] },
    history: [{ created_by: "banger" }],
  };
}
