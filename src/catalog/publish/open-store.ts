/** The store that `--to` names. */
import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import { makeLogins } from "../oci/logins.ts";
import { parseOciReference } from "../oci/oci-reference.ts";
import type { Values } from "./credentials.ts";
import { makeOciStore } from "./oci-store.ts";
import { openRegistry, type Registry } from "./registry.ts";
import { openS3Bucket, parseEndpoint, parseS3Place } from "./s3-bucket.ts";
import { makeS3Store } from "./s3-store.ts";
import type { Sender } from "./sender.ts";
import type { Store } from "./store.ts";

export interface StoreRequest {
  readonly to: string;
  readonly endpoint: string | undefined;
  readonly publicUrl: string | undefined;
}

/** Throws `invalid` for an address that is none, `refused` `no_credentials`. */
export async function openStore(
  system: System,
  sender: Sender,
  { to, endpoint, publicUrl }: StoreRequest,
  values: Values,
  retryDelaysMs: readonly number[],
): Promise<Store> {
  const publicBase = publicUrl === undefined ? undefined : parseEndpoint(publicUrl);
  if (to.startsWith("s3://")) {
    const place = parseS3Place(to);
    return makeS3Store(system, openS3Bucket(sender, place.bucket, endpoint, values), place, publicBase);
  }
  if (!to.startsWith("oci://"))
    throw new BangerError(
      "invalid",
      "bad_store_address",
      `cannot publish to ${JSON.stringify(to)}: it is no kind of store that banger knows`,
      {
        hint: "--to s3://BUCKET/PREFIX or --to oci://HOST/REPOSITORY",
      },
    );
  if (publicBase !== undefined || endpoint !== undefined)
    throw new BangerError(
      "invalid",
      "bad_store_address",
      "cannot publish to a registry under another address: its own is what it is fetched by",
      {
        hint: "leave --public-url and --endpoint out",
      },
    );
  const reference = parseOciReference(to);
  if (reference.digest !== undefined)
    throw new BangerError("invalid", "bad_registry_address", `cannot publish to ${to}: the digest comes of what is published`, {
      hint: "oci://HOST/REPOSITORY, and :TAG if you like",
    });
  const { host, repository } = reference;
  const logins = makeLogins(system, values);
  const open = async (signal: AbortSignal): Promise<Registry> =>
    openRegistry(sender, { host, repository, isPlain: false, login: await logins.find(host, repository, true, signal) }, signal);
  return makeOciStore(system, reference, open, retryDelaysMs);
}
