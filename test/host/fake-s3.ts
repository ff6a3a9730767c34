/**
 * A stand-in for an S3-compatible store, written from Amazon's documentation of PutObject, GetObject, conditional writes (If-Match and
 * If-None-Match: 412 PreconditionFailed, 404 NoSuchKey) and signature version 4. No real server with conditional put is to be had for tests:
 * this one shows what we do with the answers that are documented, not that a real store gives them.
 */
import { createHash, createHmac } from "node:crypto";

export interface FakeS3Options {
  readonly secret?: string;
  /** Keys that anybody may get; all when undefined. */
  readonly isPublic?: (key: string) => boolean;
  /** Heeds If-Match and If-None-Match. */
  readonly hasConditions?: boolean;
  /** A token that may put, and neither get nor list. */
  readonly isUploadOnly?: boolean;
  /** Answers before anything else is looked at. */
  readonly before?: (request: Request, key: string) => Response | undefined | Promise<Response | undefined>;
  /** Answers in the place of what was answered, when it was done. */
  readonly after?: (request: Request, key: string) => Response | undefined;
}

export interface FakeS3 extends AsyncDisposable {
  readonly endpoint: string;
  readonly objects: Map<string, { readonly content: Buffer; readonly etag: string }>;
  /** `PUT kernels/x 200`, in order. */
  readonly log: string[];
  options: FakeS3Options;
}

export const ACCESS = { AWS_ACCESS_KEY_ID: "AKIAPUBLISHER", AWS_SECRET_ACCESS_KEY: "sesame-open-do" };

export function openFakeS3(options: FakeS3Options = {}): FakeS3 {
  const objects: FakeS3["objects"] = new Map();
  const log: string[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 120,
    fetch: async (request) => {
      const key = decodeURIComponent(new URL(request.url).pathname.slice(1));
      const done = (await fake.options.before?.(request, key)) ?? (await answer(request, key));
      const response = fake.options.after?.(request, key) ?? done;
      log.push(`${request.method} ${key} ${response.status}`);
      return response;
    },
  });
  const answer = async (request: Request, key: string): Promise<Response> => {
    const { secret = ACCESS.AWS_SECRET_ACCESS_KEY, hasConditions = true, isUploadOnly = false, isPublic = () => true } = fake.options;
    const isSigned = request.headers.has("authorization");
    if (isSigned && !isSignedWith(request, secret)) return refusal(403, "SignatureDoesNotMatch");
    const found = objects.get(key);
    if (request.method === "GET") {
      if (isSigned ? isUploadOnly : !isPublic(key)) return refusal(403, "AccessDenied");
      if (found === undefined) return refusal(404, "NoSuchKey");
      return new Response(found.content, { headers: { etag: found.etag } });
    }
    if (request.method !== "PUT" || !isSigned) return refusal(403, "AccessDenied");
    const content = Buffer.from(await request.arrayBuffer());
    if (sha256(content) !== request.headers.get("x-amz-content-sha256")) return refusal(400, "XAmzContentSHA256Mismatch");
    // Only now, as what was there may have changed while it came.
    const now = objects.get(key);
    const [match, noneMatch] = [request.headers.get("if-match"), request.headers.get("if-none-match")];
    if (hasConditions && match !== null && now === undefined) return refusal(404, "NoSuchKey");
    if (hasConditions && ((match !== null && match !== now?.etag) || (noneMatch === "*" && now !== undefined)))
      return refusal(412, "PreconditionFailed");
    const etag = `"${createHash("md5").update(content).digest("hex")}"`;
    objects.set(key, { content, etag });
    return new Response(null, { headers: { etag } });
  };
  const fake: FakeS3 = {
    endpoint: `http://127.0.0.1:${server.port}`,
    objects,
    log,
    options,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
  return fake;
}

/** With what was signed in it, as the real ones do: nothing of it may be shown. */
function refusal(status: number, code: string): Response {
  const body = `<?xml version="1.0"?><Error><Code>${code}</Code><AWSAccessKeyId>${ACCESS.AWS_ACCESS_KEY_ID}</AWSAccessKeyId><StringToSign>secret ${ACCESS.AWS_SECRET_ACCESS_KEY}</StringToSign></Error>`;
  return new Response(body, { status, headers: { "content-type": "application/xml" } });
}

function isSignedWith(request: Request, secret: string): boolean {
  const header = request.headers.get("authorization") ?? "";
  const [, scope = "", names = "", signature = ""] =
    /^AWS4-HMAC-SHA256 Credential=[^/]+\/([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(header) ?? [];
  const url = new URL(request.url);
  const headers = names.split(";").map((name) => `${name}:${(request.headers.get(name) ?? "").trim()}\n`);
  const canonical = [
    request.method,
    url.pathname,
    url.search.slice(1),
    headers.join(""),
    names,
    request.headers.get("x-amz-content-sha256") ?? "",
  ].join("\n");
  const text = ["AWS4-HMAC-SHA256", request.headers.get("x-amz-date") ?? "", scope, sha256(Buffer.from(canonical))].join("\n");
  const key = scope.split("/").reduce<string | Buffer>((before, part) => hmac(before, part), `AWS4${secret}`);
  return hmac(key, text).toString("hex") === signature;
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
