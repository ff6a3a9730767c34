/** Publishing to S3: uploads to npm's s3rver, which is real and checks no secret, and all that a store may do wrong to a stand-in. */
import { afterEach, expect, setDefaultTimeout, test } from "bun:test";
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { openPublisher, sha256Of, type Publisher } from "../support/publishing.ts";
import { until } from "../support/until.ts";
import { ACCESS, openFakeS3, type FakeS3, type FakeS3Options } from "./fake-s3.ts";

setDefaultTimeout(60_000);

const SECRETS = [ACCESS.AWS_SECRET_ACCESS_KEY, "token-of-a-session"];
let opened = new AsyncDisposableStack();
afterEach(async () => {
  await opened.disposeAsync();
  opened = new AsyncDisposableStack();
});

/** A publisher and a store; the catalog is a file unless said otherwise. */
async function open(options: FakeS3Options = {}, stallMs?: number): Promise<{ readonly us: Publisher; readonly s3: FakeS3 }> {
  const s3 = opened.use(openFakeS3(options));
  const us = opened.use(
    await openPublisher({ ...ACCESS, AWS_SESSION_TOKEN: "token-of-a-session", AWS_ENDPOINT_URL: s3.endpoint }, stallMs),
  );
  us.bundle("small");
  return { us, s3 };
}

/** The failure of a publishing, which has changed no catalog and has no secret in it. */
async function failureOf(us: Publisher, work: Promise<unknown>): Promise<{ code: string; message: string; hint: string }> {
  const before = readFileSync(us.at("catalog.json"));
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ name: "BangerError" });
  expect(readFileSync(us.at("catalog.json"))).toEqual(before);
  expect(us.believed().entries).toEqual([]);
  const told = Bun.inspect(error, { depth: 10 }) + JSON.stringify(us.events);
  for (const secret of SECRETS) expect(told).not.toContain(secret);
  return error as { code: string; message: string; hint: string };
}

async function openS3rver(folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const program = join(import.meta.dir, "../../node_modules/s3rver/bin/s3rver.js");
  const child = spawn(
    process.execPath,
    [program, "-d", folder, "-a", "127.0.0.1", "-p", String(port), "--configure-bucket", "kernels", "--silent"],
    {
      stdio: "ignore",
    },
  );
  opened.defer(async () => {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    if (child.kill("SIGKILL")) await ended;
  });
  await until("s3rver listens", () =>
    fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    ),
  );
  return `http://127.0.0.1:${port}`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

test("a real S3 server: uploaded, fetched again, entered, and once more changes nothing", async () => {
  const us = opened.use(await openPublisher({ AWS_ACCESS_KEY_ID: "S3RVER", AWS_SECRET_ACCESS_KEY: "S3RVER" }));
  const endpoint = await openS3rver(us.at("s3"));
  const path = us.bundle("small", 20 * 2 ** 20);
  const published = await us.publish("small", { to: "s3://kernels/x/y", endpoint });
  const name = `small-amd64-${sha256Of(path).slice(0, 16)}.tar.zst`;
  expect(published).toMatchObject({
    bundle: name,
    url: `${endpoint}/kernels/x/y/${name}`,
    isUploaded: true,
    isChanged: true,
    catalog: { version: 2 },
  });
  const [entry] = us.believed().entries;
  expect(entry).toMatchObject({ name: "small", bundle: { sha256: sha256Of(path) } });
  const fetched = await fetch(entry?.bundle?.url ?? "");
  expect(Buffer.from(await fetched.arrayBuffer()).equals(readFileSync(path))).toBe(true);
  const before = readFileSync(us.at("catalog.json"));
  expect(await us.publish("small", { to: "s3://kernels/x/y", endpoint })).toMatchObject({ isUploaded: false, isChanged: false });
  expect(readFileSync(us.at("catalog.json"))).toEqual(before);
  // The same name anew replaces it, and another stands beside it, in order.
  us.bundle("small", 1000);
  us.bundle("a-first");
  await us.publish("a-first", { to: "s3://kernels", endpoint });
  await us.publish("small", { to: "s3://kernels", endpoint });
  expect(us.believed()).toMatchObject({
    version: 4,
    entries: [{ name: "a-first" }, { name: "small", bundle: { sha256: sha256Of(us.at("small.bundle")) } }],
  });
  expect(readFileSync(us.at("catalog.json.minisig"), "utf8").split("\n")).toHaveLength(5);
  expect(JSON.stringify(us.events)).toContain('"stage":"upload"');
});

test("a catalog in the same real server, which heeds no conditions: it is said, and what was put is read back", async () => {
  const us = opened.use(await openPublisher({ AWS_ACCESS_KEY_ID: "S3RVER", AWS_SECRET_ACCESS_KEY: "S3RVER" }));
  const endpoint = await openS3rver(us.at("s3"));
  us.bundle("small");
  us.bundle("other");
  const catalog = "s3://kernels/catalog.json";
  expect(await us.publish("small", { to: "s3://kernels", endpoint, catalog, catalogName: "acme" })).toMatchObject({
    catalog: { version: 1 },
  });
  // It says that it has what it was given before that is on its disk.
  await until("s3rver shows it", async () => {
    const shown = ["catalog.json", "catalog.json.minisig"].map(async (name) => (await fetch(`${endpoint}/kernels/${name}`)).text());
    return (await Promise.all(shown)).every((text) => text.endsWith("\n"));
  });
  expect(await us.publish("other", { to: "s3://kernels", endpoint, catalog })).toMatchObject({
    catalog: { version: 2, entries: 2, paths: [] },
  });
  expect(us.events).toContainEqual(expect.objectContaining({ type: "notice", message: expect.stringContaining("without conditions") }));
});

test("a token that may only put is enough, and nothing is asked of the bucket but to take", async () => {
  const { us, s3 } = await open({ isUploadOnly: true });
  await us.publish("small", { to: "s3://kernels" });
  const [name] = s3.objects.keys();
  expect(s3.log).toEqual([`PUT ${name} 200`, `GET ${name} 200`]);
  expect(us.believed().entries).toHaveLength(1);
});

test("a private bucket is told, with what to do, and the same again goes on when it is public", async () => {
  const { us, s3 } = await open({ isPublic: () => false });
  expect(await failureOf(us, us.publish("small", { to: "s3://kernels" }))).toMatchObject({
    code: "bundle_not_public",
    message: expect.stringContaining("answers 403 to those without a login"),
    hint: expect.stringContaining("--public-url"),
  });
  s3.options = {};
  await us.publish("small", { to: "s3://kernels" });
  expect(us.believed().entries).toHaveLength(1);
});

/** The GET that a user would send, answered so; everything else as it should. */
const publicly = (answer: (content: number) => Response): FakeS3Options => ({
  before: (request) => (request.method === "GET" && !request.headers.has("authorization") ? answer(100_000) : undefined),
});
const endless = (chunk: number, pauseMs: number): Response =>
  new Response(
    new ReadableStream({
      pull: async (controller) => {
        await Bun.sleep(pauseMs);
        controller.enqueue(new Uint8Array(chunk));
      },
    }),
  );

test.each([
  ["nothing there", () => new Response("no", { status: 404 }), "bundle_not_public"],
  ["another length", () => new Response("short"), "public_copy_differs"],
  ["an endless answer", () => endless(65_536, 0), "public_copy_differs"],
  ["a slow drip", () => endless(1, 100), "mirror_unreachable"],
  ["always trouble", () => new Response("", { status: 503 }), "mirror_unreachable"],
  ["a redirect to elsewhere in this computer", () => Response.redirect("http://localhost:1/x"), "redirect_refused"],
] as const)("a public address with %s changes no catalog", async (_what, answer, code) => {
  const { us } = await open(publicly(answer), 600);
  const startedMs = performance.now();
  expect(await failureOf(us, us.publish("small", { to: "s3://kernels" }))).toMatchObject({ code });
  expect(performance.now() - startedMs).toBeLessThan(30_000);
});

test("another content of the right length, and one that is cut off, change no catalog", async () => {
  const { us } = await open();
  const whole = readFileSync(us.at("small.bundle"));
  const other = Buffer.from(whole);
  other[whole.length - 5] = (other[whole.length - 5] ?? 0) ^ 1;
  let served = other;
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response(served) });
  opened.defer(() => server.stop(true));
  const publicUrl = `http://127.0.0.1:${server.port}`;
  expect(await failureOf(us, us.publish("small", { to: "s3://kernels", publicUrl }))).toMatchObject({
    code: "public_copy_differs",
    message: expect.stringContaining("it has another content"),
  });
  const cutting = createServer((socket) => {
    socket.once("data", () => socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${whole.length}\r\n\r\n${"x".repeat(1000)}`));
  });
  await new Promise<void>((resolve) => cutting.listen(0, "127.0.0.1", resolve));
  opened.defer(() => void cutting.close());
  const { port } = cutting.address() as { port: number };
  const cut = await failureOf(us, us.publish("small", { to: "s3://kernels", publicUrl: `http://127.0.0.1:${port}` }));
  expect(["download_truncated", "mirror_unreachable"]).toContain(cut.code);
  served = whole;
  await us.publish("small", { to: "s3://kernels", publicUrl });
  expect(us.believed().entries[0]?.bundle?.url).toStartWith(publicUrl);
});

test("a fault of the way is tried again, and a wrong secret is not, nor shown", async () => {
  let faults = 2;
  const { us, s3 } = await open({
    before: (request) => (request.method === "PUT" && faults-- > 0 ? new Response("", { status: 503 }) : undefined),
  });
  await us.publish("small", { to: "s3://kernels" });
  expect(s3.log.map((line) => line.slice(-3))).toEqual(["503", "503", "200", "200"]);

  const { us: them, s3: theirs } = await open({ secret: "another" });
  expect(await failureOf(them, them.publish("small", { to: "s3://kernels" }))).toMatchObject({
    code: "store_denied",
    message: expect.stringContaining("403 SignatureDoesNotMatch"),
  });
  expect(theirs.log).toHaveLength(1);
});

test("credentials from a file for its owner alone", async () => {
  const { us, s3 } = await open();
  for (const name of Object.keys(ACCESS)) delete us.variables[name];
  expect(await failureOf(us, us.publish("small", { to: "s3://kernels" }))).toMatchObject({ code: "no_credentials" });
  const credentialsPath = us.at("credentials");
  const aws = `[other]\naws_access_key_id = x\n\n[default]\naws_access_key_id = ${ACCESS.AWS_ACCESS_KEY_ID}\naws_secret_access_key=${ACCESS.AWS_SECRET_ACCESS_KEY}\n`;
  writeFileSync(credentialsPath, aws, { mode: 0o644 });
  expect(await failureOf(us, us.publish("small", { to: "s3://kernels", credentialsPath }))).toMatchObject({
    code: "bad_credentials_file",
    hint: `chmod 600 ${credentialsPath}`,
  });
  Bun.spawnSync(["chmod", "600", credentialsPath]);
  await us.publish("small", { to: "s3://kernels", credentialsPath });
  expect(s3.objects.size).toBe(1);
  writeFileSync(credentialsPath, `AWS_ACCESS_KEY_ID=x\n${ACCESS.AWS_SECRET_ACCESS_KEY}\n`);
  us.bundle("other");
  const error = await us.publish("other", { to: "s3://kernels", credentialsPath }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ message: expect.stringContaining("line 2 is neither") });
  expect(Bun.inspect(error)).not.toContain(ACCESS.AWS_SECRET_ACCESS_KEY);
});

test.each([
  ["s3://kernels/../x", "bad_s3_address"],
  ["s3://Kernels", "bad_s3_address"],
  ["s3://kernels/a?b", "bad_s3_address"],
  ["gs://kernels", "bad_store_address"],
  ["oci://HOST/x", "bad_registry_address"],
  ["oci://host", "bad_registry_address"],
])("%s is no place to publish to", async (to, code) => {
  const { us, s3 } = await open();
  expect(await failureOf(us, us.publish("small", { to }))).toMatchObject({ code });
  expect(s3.log).toEqual([]);
});

test("what is wrong with an entry, a key, a bundle or a catalog comes out before anything is uploaded", async () => {
  const { us, s3 } = await open();
  const to = "s3://kernels";
  writeFileSync(us.at("empty"), "");
  expect(await failureOf(us, us.publish("small", { to, entry: { type: "kernel", name: "UPPER" } }))).toMatchObject({ code: "bad_entry" });
  expect(await failureOf(us, us.publish("small", { to, entry: null }))).toMatchObject({ code: "bad_entry" });
  expect(await failureOf(us, us.publish("small", { to, bundlePath: us.at("empty") }))).toMatchObject({ code: "file_unusable" });
  expect(await failureOf(us, us.publish("small", { to, bundlePath: us.at("none") }))).toMatchObject({ code: "file_unusable" });
  expect(await failureOf(us, us.publish("small", { to, secretKeyPath: us.at("acme.key.pub") }))).toMatchObject({ code: "bad_signing_key" });
  expect(await failureOf(us, us.publish("small", { to, catalog: us.at("none.json") }))).toMatchObject({ code: "catalog_not_found" });
  expect(await failureOf(us, us.publish("small", { to, catalog: us.at("acme.key") }))).toMatchObject({ code: "bad_catalog_address" });
  expect(await failureOf(us, us.publish("small", { to, validForMs: 1 }))).toMatchObject({ code: "bad_document" });
  const stranger = opened.use(await openPublisher());
  expect(await failureOf(us, us.publish("small", { to, secretKeyPath: stranger.at("acme.key") }))).toMatchObject({
    code: "catalog_not_ours",
  });
  expect(s3.log).toEqual([]);
});
