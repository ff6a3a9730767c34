/**
 * `image push`: a bundle into a registry, under a tag. It runs in the user's own process, as publishing does, and nothing that is there
 * already is sent.
 */
import { BangerError } from "../../contract/errors.ts";
import type { Pushed, PushRequest, PushWords } from "../../contract/local-work.ts";
import { formatImageReference, parseImageReference, type RegistryReference } from "../oci/image-reference.ts";
import { makeLogins } from "../oci/logins.ts";
import type { RegistrySettings } from "../oci/registry-settings.ts";
import { readCredentials } from "./credentials.ts";
import { artifactDigest, makeOciStore } from "./oci-store.ts";
import { RETRY_DELAYS_MS, STALL_MS, type PublishContext, type PublishParts } from "./publish.ts";
import { openRegistry } from "./registry.ts";
import { makeSender } from "./sender.ts";

export interface PushParts extends PublishParts {
  /** Which registries may be spoken to without encryption. */
  readonly settings: RegistrySettings;
}

/** Throws `invalid` `bad_image_reference` for what is no place that something can be pushed to. */
function placeOf(to: string): RegistryReference {
  const reference = parseImageReference(to);
  if (reference.kind === "registry" && reference.digest === undefined) return reference;
  throw new BangerError(
    "invalid",
    "bad_image_reference",
    `cannot push to ${JSON.stringify(to)}: ${reference.kind === "registry" ? "the digest comes of what is pushed" : "that is no registry"}`,
    { hint: "REGISTRY/REPOSITORY:TAG" },
  );
}

/** What can be known before there is a bundle, which takes its time. Throws as `pushBundle`. */
export async function checkPush({ system, variables }: PublishParts, { to, credentialsPath }: PushWords): Promise<void> {
  placeOf(to);
  await readCredentials(system.files, variables, credentialsPath);
}

/** Stage: `upload`. Throws `invalid` `bad_image_reference`, and as publishing into a registry does. */
export async function pushBundle(parts: PushParts, { bundle, to, credentialsPath }: PushRequest, context: PublishContext): Promise<Pushed> {
  const { system, variables, settings, retryDelaysMs = RETRY_DELAYS_MS, stallMs = STALL_MS } = parts;
  const reference = placeOf(to);
  const { host, repository, tag } = reference;
  const values = await readCredentials(system.files, variables, credentialsPath);
  const sender = makeSender({ clock: system.clock, proxies: variables, retryDelaysMs, stallMs });
  const logins = makeLogins(system, values);
  const isPlain = Object.hasOwn(settings, host) && settings[host]?.plain_http === true;
  const store = makeOciStore(
    system,
    { host, repository, tag, digest: undefined },
    async (signal) => openRegistry(sender, { host, repository, isPlain, login: await logins.find(host, repository, true, signal) }, signal),
    retryDelaysMs,
  );
  const { path, file, sha256, bytes } = bundle;
  const wanted = { path, name: file, sha256, bytes, type: "image" as const };
  const isUploaded = await context.stage("upload", async (stage) => {
    const isNew = await store.upload(wanted, context.signal, (done) => stage.progress(done, bytes, "bytes"));
    if (!isNew) stage.note("it is there already");
    return isNew;
  });
  return { reference: formatImageReference(reference), digest: artifactDigest(wanted), bundle: file, sha256, bytes, isUploaded };
}
