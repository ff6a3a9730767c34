/** The place that `--catalog` names. */
import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import { shownUrl } from "../fetch/shown-url.ts";
import { isOwnHost } from "../oci/oci-reference.ts";
import { signaturePathOf } from "../signing/document-files.ts";
import type { CatalogPlace } from "./catalog-place.ts";
import { valueOf, type Values } from "./credentials.ts";
import { makeFilePlace } from "./file-place.ts";
import { makeRemotePlace, type RemoteFiles } from "./remote-place.ts";
import { openS3Bucket, parseEndpoint, parseS3Place } from "./s3-bucket.ts";
import { bodyOfBytes } from "./store.ts";
import type { Sender } from "./sender.ts";

/** @param catalog an absolute path, `s3://BUCKET/KEY`, or an address of the web. Throws `invalid` `bad_catalog_address`, and as the S3 bucket. */
export function openPlace(
  system: System,
  sender: Sender,
  catalog: string,
  endpoint: string | undefined,
  values: Values,
  onNotice: (message: string) => void,
): CatalogPlace {
  if (!catalog.endsWith(".json")) throw odd(catalog, "it does not end in .json");
  if (catalog.startsWith("/")) return makeFilePlace(system, catalog);
  if (catalog.startsWith("s3://")) {
    const { bucket: name, key } = parseS3Place(catalog);
    const bucket = openS3Bucket(sender, name, endpoint, values);
    const keyOf = (isSignature: boolean): string => (isSignature ? signaturePathOf(key) : key);
    const remote: RemoteFiles = {
      get: (isSignature, maxBytes, signal) => bucket.get(keyOf(isSignature), maxBytes, signal),
      put: (isSignature, bytes, sha256, headers, signal) => bucket.put(keyOf(isSignature), bodyOfBytes(bytes), sha256, headers, signal),
    };
    return makeRemotePlace(catalog, remote, onNotice);
  }
  if (!/^https?:\/\//.test(catalog)) throw odd(catalog, "it is neither a path nor of a kind that can be changed");
  const base = parseEndpoint(catalog);
  const authorization = authorizationFor(new URL(base), values);
  const urlOf = (isSignature: boolean): URL => new URL(isSignature ? signaturePathOf(base) : base);
  const remote: RemoteFiles = {
    get: (isSignature, maxBytes, signal) =>
      sender.send(() => ({ method: "GET", url: urlOf(isSignature), headers: authorization }), signal, { maxBytes }),
    put: (isSignature, bytes, _sha256, headers, signal) =>
      sender.send(
        () => ({ method: "PUT", url: urlOf(isSignature), headers: { ...headers, ...authorization }, body: bodyOfBytes(bytes) }),
        signal,
      ),
  };
  return makeRemotePlace(shownUrl(base), remote, onNotice);
}

/** A user and a password, or a token, as WebDAV servers and artifact stores take them. */
function authorizationFor(url: URL, values: Values): Readonly<Record<string, string>> {
  const [token, user, password] = ["BANGER_CATALOG_TOKEN", "BANGER_CATALOG_USER", "BANGER_CATALOG_PASSWORD"].map((name) =>
    valueOf(values, name),
  );
  const hasLogin = user !== undefined && password !== undefined;
  if (token === undefined && !hasLogin) return {};
  if (url.protocol !== "https:" && !isOwnHost(url.host))
    throw odd(url.href, "the way there is not encrypted, and a password would be shown");
  return {
    authorization: token === undefined ? `Basic ${Buffer.from(`${user ?? ""}:${password ?? ""}`).toString("base64")}` : `Bearer ${token}`,
  };
}

function odd(given: string, why: string): BangerError {
  return new BangerError("invalid", "bad_catalog_address", `cannot use the catalog ${JSON.stringify(given)}: ${why}`, {
    hint: "--catalog PATH/catalog.json, s3://BUCKET/catalog.json or https://HOST/catalog.json",
  });
}
