/** The source of Linux, verified where there is somebody to believe, as a tree on this computer. */
import type { DebianArchive, SignedFiles } from "../../catalog/catalog.ts";
import { BangerError } from "../../contract/errors.ts";
import type { OperationContext } from "../../operations/operations.ts";
import type { System } from "../../system/system.ts";
import { readSourceTree, unpackSource, type SourceTree } from "./unpack-source.ts";
import { SOURCE_LIMITS } from "./unpacked-stream.ts";
import { verifyRelease } from "./verify-release.ts";

export interface SourceParts {
  readonly system: System;
  readonly archive: DebianArchive;
  readonly fetcher: SignedFiles;
  /** Has `vN.x/linux-V.tar.xz`. */
  readonly mirror: string;
  readonly keyservers: readonly string[];
  /** Of the primary keys that are believed. */
  readonly fingerprints: readonly string[];
}

/** Who is asked for what. */
export interface SourceRequest {
  readonly source: string;
  /** 6.12, or 6.12.117. */
  readonly version: string;
  /** Whether somebody said the version. */
  readonly isVersionSaid: boolean;
}

interface Archive {
  readonly path: string;
  readonly what: string;
  readonly sha256: string | undefined;
}

const SIGNATURE_MAX_BYTES = 64 * 1024;
/** Where Debian has newer kernels for its stable release. */
const DEBIAN_SUITE = "bookworm-security";
const PACKAGE_FILE = /^usr\/src\/linux-source-[\d.]+\.tar\.xz$/;

/** Stages `source`, `verify`, `unpack`. @param scratch an empty folder, short of path. */
export async function getSource(
  parts: SourceParts,
  request: SourceRequest,
  scratch: string,
  context: OperationContext,
): Promise<SourceTree> {
  const { system } = parts;
  const { source } = request;
  if (source.startsWith("/") && (await system.files.find(`${source}/.`))?.kind === "folder") {
    return await context.stage("source", () => readSourceTree(system, source, source));
  }
  const archive = await archiveOf(parts, request, scratch, context);
  const tree = await context.stage("unpack", () => unpackSource(system, archive, `${scratch}/source`, context.signal));
  await system.files.removeFile(archive.path).catch(() => undefined);
  const isOfSeries = source === "apt" && tree.version.startsWith(`${request.version}.`);
  if (source.startsWith("/") || tree.version === request.version || isOfSeries) return tree;
  // A release of long ago, in the place of another, is signed as well.
  throw new BangerError("refused", "other_version", `cannot use ${archive.what}: it is Linux ${tree.version}, not ${request.version}`);
}

async function archiveOf(parts: SourceParts, request: SourceRequest, scratch: string, context: OperationContext): Promise<Archive> {
  if (request.source === "kernel.org") return fromRelease(parts, request.version, scratch, context);
  if (request.source === "apt") return fromDebian(parts, request, scratch, context);
  return await context.stage("source", async (stage) => {
    const info = await parts.system.files.find(request.source);
    if (info?.kind !== "file") {
      throw new BangerError("not_found", "source_not_found", `cannot build from ${request.source}: there is no such folder or file`, {
        hint: "--source takes kernel.org, apt, or a folder or tarball with the source of Linux",
      });
    }
    stage.note("a file of this computer, not verified");
    return privateCopy(parts.system, request.source, request.source, scratch, context.signal);
  });
}

async function fromRelease(parts: SourceParts, version: string, scratch: string, context: OperationContext): Promise<Archive> {
  const { system, fetcher } = parts;
  const { signal } = context;
  const base = `${parts.mirror.replace(/\/+$/, "")}/v${version.split(".")[0]}.x/linux-${version}.tar`;
  const url = `${base}.xz`;
  const { signature, archive } = await context.stage("source", async (stage) => {
    // First: who has no such release says so before much is fetched.
    const signed = await fetcher.small(`${base}.sign`, SIGNATURE_MAX_BYTES, signal);
    const fetched = await fetcher.signed(url, SOURCE_LIMITS.packedBytes, {
      signal,
      onProgress: (done, total) => stage.progress(done, total, "bytes"),
    });
    return { signature: signed, archive: await privateCopy(system, fetched, url, scratch, signal) };
  });
  return await context.stage("verify", async (stage) => {
    try {
      const trust = { fetcher, keyservers: parts.keyservers, fingerprints: parts.fingerprints };
      const { fingerprint, sha256 } = await verifyRelease(system, { path: archive.path, signature, url, scratch }, trust, signal);
      stage.note(`signed by ${fingerprint}`);
      return { ...archive, sha256 };
    } catch (error) {
      if (error instanceof BangerError && error.kind === "refused") await fetcher.forgetSigned(url);
      throw error;
    }
  });
}

async function fromDebian(
  { system, archive }: SourceParts,
  { version, isVersionSaid }: SourceRequest,
  scratch: string,
  context: OperationContext,
): Promise<Archive> {
  const { signal } = context;
  const series = version.split(".").slice(0, 2).join(".");
  const wanted = await context.stage("source", async (stage) => {
    const found = await archive.findPackage(DEBIAN_SUITE, `linux-source-${series}`, { signal });
    if (isVersionSaid && found.version.split("-")[0] !== version && version !== series) {
      throw new BangerError("not_found", "other_version", `cannot build Linux ${version}: Debian's ${DEBIAN_SUITE} has ${found.version}`, {
        hint: `leave out --version, or say --version ${found.version.split("-")[0]}`,
      });
    }
    stage.note(`${found.name} ${found.version}`);
    return { ...found, path: await archive.fetchPackage(found, { signal, onProgress: (done, all) => stage.progress(done, all, "bytes") }) };
  });
  // Its digest was right as it came; what follows is about the file inside.
  return await context.stage("verify", async () => {
    await using files = await archive.openPackage(wanted, wanted.path, `${scratch}/data.tar`, signal);
    const [file, second] = files.list().filter(({ name }) => PACKAGE_FILE.test(name));
    if (file === undefined || second !== undefined) {
      throw new BangerError(
        "unsupported",
        "no_kernel_source",
        `cannot use package ${wanted.name}: it does not have exactly one source of Linux`,
      );
    }
    const path = `${scratch}/source.tar.xz`;
    await files.copyTo(file.name, path, SOURCE_LIMITS.packedBytes, signal);
    return { path, what: `package ${wanted.name} ${wanted.version}`, sha256: await system.files.sha256(path, signal) };
  });
}

/** What is verified and what is unpacked must be the same: nobody else may write it in between. */
async function privateCopy({ files }: System, from: string, what: string, scratch: string, signal: AbortSignal): Promise<Archive> {
  const bytes = (await files.find(from))?.bytes ?? 0;
  if (bytes > SOURCE_LIMITS.packedBytes) {
    throw new BangerError(
      "refused",
      "longer_than_allowed",
      `cannot use ${what}: it has ${bytes} bytes, more than the ${SOURCE_LIMITS.packedBytes} a source may have`,
    );
  }
  const path = `${scratch}/source.tar`;
  await files.copySparse(from, path, signal);
  return { path, what, sha256: undefined };
}
