/** The store that `--to` names. */
import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import { findDockerLogin, type Login } from "../oci/login.ts";
import { parseOciReference } from "../oci/oci-reference.ts";
import { onFile } from "../signing/document-files.ts";
import { valueOf, type Values } from "./credentials.ts";
import { makeOciStore } from "./oci-store.ts";
import { openRegistry } from "./registry.ts";
import { openS3Bucket, parseEndpoint, parseS3Place } from "./s3-bucket.ts";
import { makeS3Store } from "./s3-store.ts";
import type { Sender } from "./sender.ts";
import type { Store } from "./store.ts";

export interface StoreRequest {
  readonly to: string;
  readonly endpoint: string | undefined;
  readonly publicUrl: string | undefined;
}

const DOCKER_CONFIG_MAX_BYTES = 2 ** 20;

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
  const login = await findLogin(system, reference.host, values);
  return makeOciStore(system, reference, (signal) => openRegistry(sender, reference, login, signal), retryDelaysMs);
}

/** Ours, or what `docker login` has kept. */
async function findLogin({ files }: System, host: string, values: Values): Promise<Login | undefined> {
  const [user, password] = ["BANGER_REGISTRY_USER", "BANGER_REGISTRY_PASSWORD"].map((name) => valueOf(values, name));
  if (user !== undefined && password !== undefined) return { user, password };
  const home = valueOf(values, "HOME");
  const folder = valueOf(values, "DOCKER_CONFIG") ?? (home === undefined ? undefined : `${home}/.docker`);
  if (folder === undefined || !folder.startsWith("/")) return undefined;
  const path = `${folder}/config.json`;
  if ((await onFile("read", path, () => files.find(path))) === undefined) return undefined;
  const text = await onFile("read", path, () => files.readText(path, DOCKER_CONFIG_MAX_BYTES));
  try {
    return findDockerLogin(text, host);
  } catch {
    // What it says instead may have a password in it.
    throw new BangerError("refused", "bad_credentials_file", `cannot take credentials from ${path}: it is not what docker writes`, {
      hint: "BANGER_REGISTRY_USER and BANGER_REGISTRY_PASSWORD in the environment, or docker login",
    });
  }
}
