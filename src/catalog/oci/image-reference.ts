/**
 * What somebody types to mean an image that is in no catalog: `debian:bookworm`, `ghcr.io/acme/web@sha256:…`, `oci:/srv/layout:tag`,
 * `docker-archive:/tmp/saved.tar`. Short names are those of docker.io, as with docker.
 */
import { BangerError } from "../../contract/errors.ts";
import { parseOciReference } from "./oci-reference.ts";

export type ImageReference = RegistryReference | LocalReference;

export interface RegistryReference {
  readonly kind: "registry";
  /** With its port; `docker.io` for docker's own, whatever host has its files. */
  readonly host: string;
  readonly repository: string;
  readonly tag: string | undefined;
  /** `sha256:` and 64 hex digits. */
  readonly digest: string | undefined;
}

export interface LocalReference {
  /** A folder in the OCI image layout, or what `docker save` writes. */
  readonly kind: "layout" | "archive";
  readonly path: string;
  /** The tag, or of an archive a name as `docker save` noted it. */
  readonly name: string | undefined;
}

export const DOCKER_IO = "docker.io";
const MAX_CHARACTERS = 4096;
const PATH_MAX_CHARACTERS = 3000;
const LOCAL_NAME = /^[A-Za-z0-9][\w.:/@+-]{0,511}$/;
const LOCAL = /^(oci|docker-archive):(?!\/\/)(.*)$/s;

/** Whether this can only mean an image of a registry or a file: a name in the catalogs looks otherwise. */
export function isOciReference(text: string): boolean {
  return /[:@]/.test(text) || hasHost(text);
}

/** Throws `invalid` `bad_image_reference`. */
export function parseImageReference(text: string): ImageReference {
  if (text.length > MAX_CHARACTERS) throw bad(text, "it is too long");
  const [, scheme, rest = ""] = LOCAL.exec(text) ?? [];
  if (scheme !== undefined) return parseLocal(text, scheme === "oci" ? "layout" : "archive", rest);
  const bare = text.replace(/^(?:oci|docker):\/\//, "");
  const at = bare.indexOf("@");
  const digest = at < 0 ? undefined : bare.slice(at + 1);
  if (digest !== undefined && !/^sha256:[0-9a-f]{64}$/.test(digest)) throw bad(text, "behind the @ there is no sha256: and 64 hex digits");
  const named = at < 0 ? bare : bare.slice(0, at);
  const colon = named.indexOf(":", named.lastIndexOf("/") + 1);
  const tag = colon < 0 ? undefined : named.slice(colon + 1);
  const path = colon < 0 ? named : named.slice(0, colon);
  const [host, repository] = splitHost(path);
  try {
    // One grammar for all places in registries; what it takes, no address can be made of that means another place.
    parseOciReference(`oci://${host}/${repository}${tag === undefined ? "" : `:${tag}`}`);
  } catch (error) {
    throw bad(text, "it is no place in a registry", error);
  }
  return { kind: "registry", host, repository, tag: tag ?? (digest === undefined ? "latest" : undefined), digest };
}

/** The one text of it, which means the same when it is parsed. */
export function formatImageReference(reference: ImageReference): string {
  if (reference.kind !== "registry") {
    const scheme = reference.kind === "layout" ? "oci" : "docker-archive";
    return `${scheme}:${reference.path}${reference.name === undefined ? "" : `:${reference.name}`}`;
  }
  const { host, repository, tag, digest } = reference;
  return `${host}/${repository}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
}

/** Where a registry is. */
export function addressOf(host: string): string {
  return host === DOCKER_IO ? "registry-1.docker.io" : host;
}

/** Docker's own registry has a name, and its files are at a host of another. */
function splitHost(path: string): readonly [host: string, repository: string] {
  const slash = path.indexOf("/");
  const [host, repository] = hasHost(path) ? [path.slice(0, slash), path.slice(slash + 1)] : [DOCKER_IO, path];
  if (host !== DOCKER_IO && host !== "index.docker.io" && host !== "registry-1.docker.io") return [host, repository];
  return [DOCKER_IO, repository.includes("/") ? repository : `library/${repository}`];
}

function hasHost(path: string): boolean {
  const slash = path.indexOf("/");
  const first = path.slice(0, Math.max(slash, 0));
  return first === "localhost" || /[.:]/.test(first);
}

/** Behind the path there may be a name: after a colon, and for a layout without a slash in it. */
function parseLocal(text: string, kind: LocalReference["kind"], rest: string): LocalReference {
  const colon = kind === "layout" ? rest.indexOf(":", rest.lastIndexOf("/") + 1) : rest.indexOf(":");
  const [path, name] = colon < 0 ? [rest, undefined] : [rest.slice(0, colon), rest.slice(colon + 1)];
  if (!path.startsWith("/") || path.includes("\0") || path.length > PATH_MAX_CHARACTERS) throw bad(text, "its path is not an absolute one");
  if (name !== undefined && !LOCAL_NAME.test(name)) throw bad(text, "behind its path there is no tag");
  return { kind, path, name };
}

function bad(text: string, why: string, cause?: unknown): BangerError {
  return new BangerError("invalid", "bad_image_reference", `cannot use ${JSON.stringify(text.slice(0, 300))} as an image: ${why}`, {
    hint: "debian:bookworm, REGISTRY/REPOSITORY:TAG, REGISTRY/REPOSITORY@sha256:DIGEST, oci:FOLDER:TAG or docker-archive:FILE",
    ...(cause === undefined ? {} : { cause }),
  });
}
