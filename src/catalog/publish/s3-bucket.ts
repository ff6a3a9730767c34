/** An S3-compatible bucket, by signed requests (AWS signature version 4), path style. */
import { AwsV4Signer } from "aws4fetch";
import { createHash } from "node:crypto";
import { BangerError } from "../../contract/errors.ts";
import type { Body, Reply, Sender } from "./sender.ts";
import { valueOf, type Values } from "./credentials.ts";

export interface S3Place {
  readonly bucket: string;
  /** Of an object, or a prefix without a slash at its end; may be empty. */
  readonly key: string;
}

export interface S3Bucket {
  /** Of an object, for whoever needs no signature. */
  urlOf(key: string): string;
  put(key: string, body: Body, sha256: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Reply>;
  get(key: string, maxBytes: number, signal: AbortSignal): Promise<Reply>;
}

/** Older stores know no other region, and others take it for their own. */
const REGION = "us-east-1";
const PLACE = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/((?:[\w~=-][\w.~=-]*\/)*[\w~=-][\w.~=-]*)?\/?)?$/;
const EMPTY_SHA256 = createHash("sha256").digest("hex");

/** Throws `invalid` `bad_s3_address`. */
export function parseS3Place(text: string): S3Place {
  const [, bucket, key = ""] = text.length > 1024 ? [] : (PLACE.exec(text) ?? []);
  if (bucket === undefined)
    throw new BangerError("invalid", "bad_s3_address", `cannot use the address ${JSON.stringify(text)}: it is no place in a bucket`, {
      hint: "s3://BUCKET/PREFIX",
    });
  return { bucket, key };
}

/** @param endpoint as given, or undefined for the environment's or Amazon's. Throws `invalid` `bad_endpoint`, `refused` `no_credentials`. */
export function openS3Bucket(sender: Sender, bucket: string, endpoint: string | undefined, values: Values): S3Bucket {
  const region = valueOf(values, "AWS_REGION") ?? REGION;
  const base = parseEndpoint(endpoint ?? valueOf(values, "AWS_ENDPOINT_URL") ?? `https://s3.${region}.amazonaws.com`);
  const [accessKeyId, secretAccessKey, sessionToken] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"].map((name) =>
    valueOf(values, name),
  );
  if (accessKeyId === undefined || secretAccessKey === undefined)
    throw new BangerError("refused", "no_credentials", `cannot use the bucket ${bucket}: there are no credentials for it`, {
      hint: "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment, or --credentials FILE",
    });
  const urlOf = (key: string): string => `${base}/${bucket}/${key}`;
  const sign = async (method: "GET" | "PUT", key: string, headers: Readonly<Record<string, string>>) => {
    const login = { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
    const signed = await new AwsV4Signer({ method, url: urlOf(key), headers, service: "s3", region, ...login }).sign();
    return { method, url: signed.url, headers: Object.fromEntries(signed.headers.entries()) };
  };
  return {
    urlOf,
    put: (key, body, sha256, headers, signal) =>
      sender.send(async () => ({ ...(await sign("PUT", key, { ...headers, "x-amz-content-sha256": sha256 })), body }), signal),
    get: (key, maxBytes, signal) => sender.send(() => sign("GET", key, { "x-amz-content-sha256": EMPTY_SHA256 }), signal, { maxBytes }),
  };
}

/** Of a refusal its code alone: the rest repeats what was signed. */
export function reasonOfReply({ status, text }: Reply): string {
  const code = /<Code>([A-Za-z0-9.]{1,64})<\/Code>/.exec(text)?.[1];
  return code === undefined ? String(status) : `${status} ${code}`;
}

/** What an upload ended with, unless it went well. */
export function putFailure(what: string, reply: Reply): BangerError {
  const message = `cannot upload ${what}: the store answered ${reasonOfReply(reply)}`;
  if (reply.status === 401 || reply.status === 403)
    return new BangerError("refused", "store_denied", message, {
      hint: "look after the credentials, and whether they may put into this bucket",
    });
  return new BangerError("unavailable", "store_failed", message, { hint: "look after --to, --endpoint and AWS_REGION, and try again" });
}

/** A base of addresses, without a slash at its end. Throws `invalid` `bad_endpoint`. */
export function parseEndpoint(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url !== undefined && /^https?:$/.test(url.protocol) && url.search === "" && url.hash === "";
  if (!isPlain || url.username !== "" || url.password !== "" || !/^[!-~]{1,1024}$/.test(text))
    throw new BangerError(
      "invalid",
      "bad_endpoint",
      "cannot use an address: it is not that of a web server, or it has more than host and path in it",
      {
        hint: "https://HOST, with neither password nor query",
      },
    );
  return url.href.replace(/\/+$/, "");
}
