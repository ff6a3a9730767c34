/** `image build -f Dockerfile`: buildah does what it says, and what that becomes is pulled as any image is that a stranger made. */
import { dirname } from "node:path";
import { onDisk } from "../../contract/disk-full.ts";
import { BangerError } from "../../contract/errors.ts";
import type { StoredImage } from "../../images/images.ts";
import type { OperationContext } from "../../operations/operations.ts";
import type { System } from "../../system/system.ts";
import type { BuildRequest } from "../builds.ts";
import type { KeepParts } from "../keep-workshop.ts";
import { requireUnused } from "../require-unused.ts";
import { withoutSubject, type WorkshopParts } from "../workshop.ts";
import { openBuildah, requireBuildah, type BuildahParts } from "./buildah.ts";
import { openDockerfileFolder, type FolderParts } from "./dockerfile-folder.ts";
import { offerBase } from "./offer-base.ts";
import { basesOf, type DockerfileBases } from "./read-dockerfile.ts";

export type DockerfileParts = KeepParts & WorkshopParts & FolderParts & BuildahParts;

const DOCKERFILE_MAX_BYTES = 2 ** 18;
/** In the folder of a build. */
const RESULT = "image";

export async function buildDockerfile(parts: DockerfileParts, request: BuildRequest, context: OperationContext): Promise<StoredImage> {
  const { system, images, vms } = parts;
  const { as, file, replace } = request;
  const what = `cannot build image ${as}`;
  const steps = withoutSubject(context);
  requireBuildah(system, what);
  // None of it is kept for the next build: what would be refused at its end is refused now.
  if (replace) requireUnused(vms, as);
  else await images.requireFree(as, what);
  const { bases, last } = await steps.stage("dockerfile", () => findBases(parts, request, what));
  const { buildah: disk } = system.layout;
  await using folder = await onDisk(what, disk, () => openDockerfileFolder(parts, context.operationId));
  const buildah = openBuildah(parts, folder.path, what, context.signal);
  for (const base of bases) await onDisk(what, disk, () => offerBase(parts, buildah, folder.path, base, request, what, context));
  await steps.stage("buildah", async () => {
    const idPath = `${folder.path}/id`;
    const { context: place = dirname(file), target, buildArgs = {} } = request;
    const words = [
      "bud",
      // The one way that needs neither a runtime beside it nor root.
      "--isolation=chroot",
      "--format=oci",
      "--layers=false",
      `--iidfile=${idPath}`,
      ...(target === undefined ? [] : [`--target=${target}`]),
      ...Object.entries(buildArgs).map(([name, value]) => `--build-arg=${name}=${value}`),
      `--file=${file}`,
      place,
    ];
    await buildah.run(words, (line) => context.output([line]));
    const id = (await system.files.readText(idPath, 1024)).trim().replace(/^sha256:/, "");
    await buildah.run(["push", "--quiet", "--disable-compression", id, `oci:${RESULT}:it`]);
  });
  const base = last === undefined ? undefined : await images.get(last);
  const kernelRef = request.kernelRef ?? base?.kernelRef ?? undefined;
  const requireReplaceable = replace ? () => requireUnused(vms, as) : undefined;
  return await images.pull(`oci:${folder.path}/${RESULT}:it`, as, steps, {
    kernelRef,
    built: { cannot: what, init: base?.init ?? "agent", requireReplaceable },
  });
}

/** The images of ours that are to be there under their names, and of which one the result is. */
async function findBases(
  { system, images }: DockerfileParts,
  { file, buildArgs = {}, target }: BuildRequest,
  what: string,
): Promise<{ readonly bases: readonly StoredImage[]; readonly last: string | undefined }> {
  const text = await readDockerfile(system, file, what);
  const { names, last }: DockerfileBases = basesOf(text, { buildArgs, target });
  const all = await images.list();
  const bases = names.flatMap((name) => all.find((image) => image.name === name) ?? []);
  return { bases, last: bases.some(({ name }) => name === last) ? last : undefined };
}

async function readDockerfile({ files }: System, file: string, what: string): Promise<string> {
  try {
    return await files.readText(file, DOCKERFILE_MAX_BYTES);
  } catch (error) {
    if (error instanceof BangerError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new BangerError("refused", "file_unusable", `${what}: cannot read ${file}: ${why}`, { hint: `ls -ld ${file}`, cause: error });
  }
}
