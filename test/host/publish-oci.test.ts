/** Publishing to Debian's own docker-registry, with a login and with TLS by a CA of the test's own; and what registries do wrong, by stand-ins. */
import { afterAll, afterEach, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openFetcher } from "../../src/catalog/fetch/open-fetcher.ts";
import { makeCertificate } from "../support/certificate.ts";
import { startDockerRegistry, type DockerRegistry } from "../support/docker-registry.ts";
import { openPublisher, sha256Of, type Publisher } from "../support/publishing.ts";

setDefaultTimeout(60_000);

const PASSWORD = "registry-password-1";
let folder: string;
let host: string;
let tlsHost: string;
const registries: DockerRegistry[] = [];
let opened = new AsyncDisposableStack();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "banger-registry-"));
  const made = Bun.spawnSync(["htpasswd", "-Bbn", "publisher", PASSWORD]);
  writeFileSync(join(folder, "htpasswd"), made.stdout);
  makeCertificate(folder);
  const [plain, tls] = [await startDockerRegistry(folder, "plain", "login"), await startDockerRegistry(folder, "tls", "tls")];
  registries.push(plain, tls);
  [host, tlsHost] = [plain.host, tls.host];
});
afterAll(() => {
  for (const registry of registries) registry.end();
  rmSync(folder, { recursive: true });
});
afterEach(async () => {
  await opened.disposeAsync();
  opened = new AsyncDisposableStack();
});

async function openUs(variables: Readonly<Record<string, string>> = {}): Promise<Publisher> {
  const us = opened.use(await openPublisher(variables, 2000));
  us.bundle("small", 5 * 2 ** 20);
  return us;
}

/** Before a registry that wants a login for everything: whoever only reads gets in without, as in a public repository. */
function openPublicFront(): string {
  const authorization = `Basic ${Buffer.from(`publisher:${PASSWORD}`).toString("base64")}`;
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => {
      const url = new URL(request.url);
      const headers = new Headers(request.headers);
      if (request.method === "GET" && url.pathname.includes("/blobs/")) headers.set("authorization", authorization);
      const { method } = request;
      return fetch(`http://${host}${url.pathname}${url.search}`, {
        method,
        headers,
        redirect: "manual",
        ...(method === "PUT" || method === "POST" ? { body: request.body ?? "" } : {}),
      });
    },
  });
  opened.defer(() => server.stop(true));
  return `127.0.0.1:${server.port}`;
}

const failureOf = async (us: Publisher, work: Promise<unknown>): Promise<unknown> => {
  const before = readFileSync(us.at("catalog.json"));
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(readFileSync(us.at("catalog.json"))).toEqual(before);
  const told = Bun.inspect(error, { depth: 10 }) + JSON.stringify(us.events);
  expect(told).not.toContain(PASSWORD);
  expect(told).not.toContain(Buffer.from(`publisher:${PASSWORD}`).toString("base64"));
  return error;
};

test("a real registry: pushed as an artifact, pulled by digest, and once more nothing is sent", async () => {
  const us = await openUs({ BANGER_REGISTRY_USER: "publisher", BANGER_REGISTRY_PASSWORD: PASSWORD });
  const front = openPublicFront();
  const path = us.at("small.bundle");
  const url = `oci://${front}/acme/kernels@sha256:${sha256Of(path)}`;
  expect(await us.publish("small", { to: `oci://${front}/acme/kernels` })).toMatchObject({ url, isUploaded: true, isChanged: true });
  expect(us.believed().entries[0]?.bundle).toMatchObject({ url });
  const tag = `small-amd64-${sha256Of(path).slice(0, 16)}`;
  const manifest = await fetch(`http://${host}/v2/acme/kernels/manifests/${tag}`, {
    headers: {
      accept: "application/vnd.oci.image.manifest.v1+json",
      authorization: `Basic ${Buffer.from(`publisher:${PASSWORD}`).toString("base64")}`,
    },
  });
  expect(await manifest.json()).toMatchObject({
    artifactType: "application/vnd.banger.kernel.bundle.v1",
    layers: [{ digest: `sha256:${sha256Of(path)}`, annotations: { "org.opencontainers.image.title": `${tag}.tar.zst` } }],
  });
  const fetcher = openFetcher(us.system, { proxies: {}, advice: "ask", retryDelaysMs: [], stallMs: 2000 });
  const pulled = await fetcher.verified(
    { url, bytes: readFileSync(path).length, sha256: sha256Of(path) },
    { signal: new AbortController().signal },
  );
  expect(readFileSync(pulled).equals(readFileSync(path))).toBe(true);
  expect(await us.publish("small", { to: `oci://${front}/acme/kernels` })).toMatchObject({ isUploaded: false, isChanged: false });
  // Into another catalog: the blob is there, and is not sent again.
  const second = await us.publish("small", { to: `oci://${front}/acme/kernels`, catalog: us.at("third.json"), catalogName: "third" });
  expect(second).toMatchObject({ isUploaded: false, isChanged: true });
});

test("docker's own file has the login, too", async () => {
  const us = await openUs();
  const front = openPublicFront();
  mkdirSync(us.at("docker"));
  const auth = Buffer.from(`publisher:${PASSWORD}`).toString("base64");
  writeFileSync(us.at("docker/config.json"), JSON.stringify({ auths: { [front]: { auth } }, psFormat: "x" }));
  us.variables["DOCKER_CONFIG"] = us.at("docker");
  expect(await us.publish("small", { to: `oci://${front}/acme/by-docker:v1` })).toMatchObject({ isUploaded: true });
  writeFileSync(us.at("docker/config.json"), `{"auths": {"x": {"auth": ${auth}`);
  us.bundle("other");
  expect(await failureOf(us, us.publish("other", { to: `oci://${front}/acme/by-docker` }))).toMatchObject({ code: "bad_credentials_file" });
  us.variables["DOCKER_CONFIG"] = us.at("x".repeat(300));
  expect(await failureOf(us, us.publish("other", { to: `oci://${front}/acme/by-docker` }))).toMatchObject({ code: "file_unusable" });
});

test("without a login, and with a wrong one, nothing is pushed; a registry that only lets in who has one is no place for users", async () => {
  const us = await openUs();
  const to = `oci://${host}/acme/private`;
  expect(await failureOf(us, us.publish("small", { to }))).toMatchObject({
    code: "registry_denied",
    message: expect.stringContaining("wants a user"),
  });
  us.variables["BANGER_REGISTRY_USER"] = "publisher";
  us.variables["BANGER_REGISTRY_PASSWORD"] = `${PASSWORD}x`;
  expect(await failureOf(us, us.publish("small", { to }))).toMatchObject({
    code: "registry_denied",
    message: expect.stringContaining("does not take"),
  });
  us.variables["BANGER_REGISTRY_PASSWORD"] = PASSWORD;
  expect(await failureOf(us, us.publish("small", { to }))).toMatchObject({
    code: "bundle_not_public",
    message: expect.stringContaining("answers 401 to those without a login"),
  });
});

test("TLS by a CA that is known, and by one that is not", async () => {
  const us = await openUs();
  expect(await failureOf(us, us.publish("small", { to: `oci://${tlsHost}/acme/kernels` }))).toMatchObject({
    code: "certificate_untrusted",
    hint: expect.stringContaining("SSL_CERT_FILE"),
  });
  // What a process believes of CAs is decided when it starts.
  const program = join(import.meta.dir, "fake-publisher.ts");
  const request = { folder: us.folder, to: `oci://${tlsHost}/acme/kernels`, names: ["small"] };
  const child = Bun.spawn([process.execPath, program, JSON.stringify(request)], {
    env: { PATH: process.env["PATH"] ?? "", NODE_EXTRA_CA_CERTS: join(folder, "ca.pem") },
    stdout: "pipe",
    stderr: "inherit",
  });
  expect([await child.exited, JSON.parse(await child.stdout.text())]).toMatchObject([0, { url: expect.stringContaining(tlsHost) }]);
  expect(us.believed().entries).toHaveLength(1);
});

interface Lying {
  readonly answer: (request: Request, url: URL) => Response | undefined;
  readonly seen: string[];
}

/** A registry that takes everything and keeps blobs, but for what it is told to do otherwise. */
function openLiar(answer: Lying["answer"]): { readonly host: string; readonly seen: string[] } {
  const blobs = new Map<string, Blob>();
  const seen: string[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const url = new URL(request.url);
      seen.push(`${request.method} ${url.pathname} ${request.headers.get("authorization") ?? "-"}`);
      const told = answer(request, url);
      if (told !== undefined) return told;
      if (request.method === "POST") return new Response(null, { status: 202, headers: { location: `${url.pathname}one?state=a%3Db` } });
      if (request.method === "PUT" && url.pathname.includes("/uploads/")) {
        if (url.searchParams.get("state") !== "a=b") return new Response(null, { status: 404 });
        blobs.set(url.searchParams.get("digest") ?? "", await request.blob());
        return new Response(null, { status: 201 });
      }
      if (request.method === "PUT") return new Response(null, { status: 201 });
      const found = blobs.get(url.pathname.split("/").at(-1) ?? "");
      return found === undefined ? new Response(null, { status: 404 }) : new Response(found);
    },
  });
  opened.defer(() => server.stop(true));
  return { host: `127.0.0.1:${server.port}`, seen };
}

test("tokens: given to the login alone, and to anybody who pulls", async () => {
  const us = await openUs({ BANGER_REGISTRY_USER: "publisher", BANGER_REGISTRY_PASSWORD: PASSWORD });
  const registry = openLiar((request, url) => {
    if (url.pathname === "/v2/") return new Response(null, { status: 401 });
    if (url.pathname === "/token") {
      const scope = url.searchParams.get("scope") ?? "";
      const isUs = request.headers.get("authorization")?.startsWith("Basic ") === true;
      if (scope.includes("push") && !isUs) return new Response(null, { status: 401 });
      return Response.json({ token: scope.includes("push") ? "may-push" : "may-pull", expires_in: 60 });
    }
    const action = request.method === "GET" || request.method === "HEAD" ? "pull" : "pull,push";
    const has = request.headers.get("authorization");
    if (has === "Bearer may-push" || (has === "Bearer may-pull" && action === "pull")) return undefined;
    const challenge = `Bearer realm="http://${url.host}/token",service="s",scope="repository:acme/kernels:${action}"`;
    return new Response(null, { status: 401, headers: { "www-authenticate": challenge } });
  });
  await us.publish("small", { to: `oci://${registry.host}/acme/kernels` });
  expect(us.believed().entries).toHaveLength(1);
  expect(registry.seen.filter((line) => line.startsWith("GET /v2/acme")).at(-1)).toEndWith("Bearer may-pull");
});

test("a login goes neither to a stranger's token service nor to where a registry keeps its files", async () => {
  const us = await openUs({ BANGER_REGISTRY_USER: "publisher", BANGER_REGISTRY_PASSWORD: PASSWORD });
  for (const realm of ["http://tokens.example/token", "file:///etc/passwd", "http://169.254.169.254/latest", "not an address"]) {
    const registry = openLiar(
      () => new Response(null, { status: 401, headers: { "www-authenticate": `Bearer realm="${realm}",service="s"` } }),
    );
    expect(await failureOf(us, us.publish("small", { to: `oci://${registry.host}/acme/kernels` }))).toMatchObject({
      code: "registry_denied",
    });
  }
  const loop = openLiar((_request, url) =>
    url.pathname === "/token"
      ? Response.json({ token: "t" })
      : new Response(null, { status: 401, headers: { "www-authenticate": `Bearer realm="http://${url.host}/token"` } }),
  );
  expect(await failureOf(us, us.publish("small", { to: `oci://${loop.host}/acme/kernels` }))).toMatchObject({ code: "registry_denied" });
  expect(loop.seen.length).toBeLessThan(12);
  const elsewhere = openLiar((request) =>
    request.method === "POST" ? new Response(null, { status: 202, headers: { location: "http://169.254.169.254/upload" } }) : undefined,
  );
  expect(await failureOf(us, us.publish("small", { to: `oci://${elsewhere.host}/acme/kernels` }))).toMatchObject({
    code: "redirect_refused",
  });
});

test("an upload that breaks off begins anew, and one that nobody may look for is put all the same", async () => {
  const us = await openUs();
  let faults = 2;
  const registry = openLiar((request, url) => {
    if (request.method === "HEAD") return new Response(null, { status: 403 });
    if (request.method === "PUT" && url.pathname.includes("/uploads/") && faults-- > 0) return new Response(null, { status: 502 });
    return undefined;
  });
  await us.publish("small", { to: `oci://${registry.host}/acme/kernels` });
  expect(registry.seen.filter((line) => line.startsWith("POST"))).toHaveLength(4);
  expect(us.believed().entries).toHaveLength(1);
});
