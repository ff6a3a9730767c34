/** Images of ours in Debian's own docker-registry: pushed with a login, over TLS by a CA of the test's own, and pulled back whole. */
import { afterAll, afterEach, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeBundles } from "../../src/catalog/bundle/make-bundles.ts";
import { openFetcher } from "../../src/catalog/fetch/open-fetcher.ts";
import { makeOciSources } from "../../src/catalog/oci/oci-sources.ts";
import { madeOffers } from "../../src/catalog/offers/made-offers.ts";
import { pushBundle } from "../../src/catalog/publish/push-bundle.ts";
import type { Pushed } from "../../src/contract/local-work.ts";
import type { Images } from "../../src/images/images.ts";
import { makeImages } from "../../src/images/make-images.ts";
import { makeSystem } from "../../src/system/make-system.ts";
import type { System } from "../../src/system/system.ts";
import { makeCertificate } from "../support/certificate.ts";
import { startDockerRegistry, type DockerRegistry } from "../support/docker-registry.ts";
import { putLittleImage, SEED_BYTES, SEED_FAR } from "../support/little-image.ts";
import { descriptorOf, digestOf, jsonOf, openFakeRegistry, TYPES, type MadeImage } from "../support/oci-world.ts";
import { aptArchive } from "./images-apt-archive.ts";
import { makeMemoryLeases } from "./images-memory-leases.ts";
import { recordingContext } from "./images-recording-context.ts";
import { silentLog } from "./images-silent-log.ts";

setDefaultTimeout(60_000);

const PASSWORD = "registry-password-1";
const AUTH = Buffer.from(`pusher:${PASSWORD}`).toString("base64");
const LOGIN = { BANGER_REGISTRY_USER: "pusher", BANGER_REGISTRY_PASSWORD: PASSWORD };
const folder = mkdtempSync(join(tmpdir(), "banger-push-"));
const at = (name: string): string => join(folder, name);
let plain: DockerRegistry;
let tls: DockerRegistry;
let opened = new AsyncDisposableStack();

beforeAll(async () => {
  writeFileSync(at("htpasswd"), Bun.spawnSync(["htpasswd", "-Bbn", "pusher", PASSWORD]).stdout);
  makeCertificate(folder);
  [plain, tls] = [await startDockerRegistry(folder, "plain", "login"), await startDockerRegistry(folder, "tls", "tls")];
});
afterAll(() => {
  plain.end();
  tls.end();
  rmSync(folder, { recursive: true });
});
afterEach(async () => {
  await opened.disposeAsync();
  opened = new AsyncDisposableStack();
});

interface Place {
  readonly system: System;
  readonly images: Images;
  readonly push: (name: string, to: string, variables?: Readonly<Record<string, string>>, credentialsPath?: string) => Promise<Pushed>;
  readonly nothingIsLeft: (but?: readonly string[]) => void;
}

/** A computer of its own. */
function openPlace(variables: Readonly<Record<string, string>> = LOGIN): Place {
  const home = mkdtempSync(join(folder, "home-"));
  const system = makeSystem({ PATH: process.env["PATH"], BANGER_HOME: home }, silentLog);
  const leases = makeMemoryLeases();
  const fetcher = openFetcher(system, { proxies: {}, advice: "ask", retryDelaysMs: [], stallMs: 5000 });
  const common = { system, settings: {}, proxies: {}, retryDelaysMs: [], stallMs: 5000 };
  const images = makeImages({
    system,
    offers: madeOffers(),
    archive: aptArchive,
    sources: makeOciSources({ ...common, fetcher, variables, architecture: "amd64" }),
    bundles: makeBundles(system, fetcher, leases),
    placeLayers: () => Promise.reject(new Error("there are no layers to merge")),
    leases,
    uid: 0,
  });
  mkdirSync(system.layout.images, { recursive: true });
  mkdirSync(join(home, "out"));
  return {
    system,
    images,
    push: async (name, to, own = LOGIN, credentialsPath) => {
      const bundle = await images.bundle(name, join(home, "out"), recordingContext());
      return pushBundle({ ...common, variables: own }, { bundle, to, credentialsPath }, recordingContext());
    },
    nothingIsLeft: (but = []) => {
      expect(readdirSync(system.layout.images)).toEqual([...but]);
      expect(leases.list()).toEqual([]);
    },
  };
}

/** Before the registry, to see what is asked of it. */
function openFront(): { readonly host: string; readonly seen: string[] } {
  const seen: string[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => {
      const url = new URL(request.url);
      const { method, headers } = request;
      seen.push(`${method} ${url.pathname}`);
      const body = method === "PUT" || method === "POST" ? { body: request.body ?? "" } : {};
      return fetch(`http://${plain.host}${url.pathname}${url.search}`, { method, headers, redirect: "manual", ...body });
    },
  });
  opened.defer(() => server.stop(true));
  return { host: `127.0.0.1:${server.port}`, seen };
}

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => "done",
    (error: { code?: string }) => {
      expect(Bun.inspect(error, { depth: 10 })).not.toContain(PASSWORD);
      return error.code ?? error;
    },
  );

test("an image that is pushed is pulled elsewhere whole, by its tag and by its digest, and nothing is sent or fetched twice", async () => {
  const [here, there] = [openPlace(), openPlace()];
  const { host, seen } = openFront();
  const { config, requirements } = putLittleImage(here.system.layout.images, "web");
  const to = `${host}/acme/web:v1`;
  const pushed = await here.push("web", to);
  expect(pushed).toMatchObject({ reference: to, isUploaded: true });
  const behind = `docker://${plain.host}/acme/web:v1`;
  const raw = Bun.spawnSync(["skopeo", "inspect", "--raw", "--tls-verify=false", "--creds", `pusher:${PASSWORD}`, behind]);
  expect(digestOf(raw.stdout)).toBe(pushed.digest);
  expect(JSON.parse(raw.stdout.toString())).toMatchObject({
    artifactType: "application/vnd.banger.image.bundle.v1",
    layers: [{ digest: `sha256:${pushed.sha256}`, size: pushed.bytes }],
  });

  const pull = recordingContext();
  const kept = await there.images.pull(to, undefined, pull);
  expect(pull.stages).toEqual(["resolve", "download", "unpack", "store"]);
  expect(kept).toMatchObject({
    name: "web-v1",
    source: "bundle",
    distro: "debian-bookworm",
    kernelRef: "debian-6.12",
    init: "systemd",
    requirements,
    env: config.env,
    commands: { user: "www", workingDir: "/srv", entrypoint: ["/entry"], cmd: ["serve"] },
    reference: to,
    digest: pushed.digest,
    layers: [{ digest: `sha256:${pushed.sha256}`, bytes: pushed.bytes }],
    problems: [],
  });
  const [ours, theirs] = [await here.images.parts("web"), await there.images.parts("web-v1")];
  expect(readFileSync(theirs.basePath).equals(readFileSync(ours.basePath))).toBe(true);
  const seed = theirs.workSeedPath ?? "";
  expect(statSync(seed).size).toBe(SEED_BYTES);
  expect(statSync(seed).blocks * 512).toBeLessThan(200_000);
  for (const start of [0, SEED_FAR]) {
    const piece = await here.system.files.readRange(ours.workSeedPath ?? "", start, start + 8192);
    expect((await there.system.files.readRange(seed, start, start + 8192)).equals(piece)).toBe(true);
  }
  expect(await there.images.verify("web-v1", pull.signal)).toEqual([]);

  const before = seen.length;
  const again = recordingContext();
  expect(await there.images.pull(to, undefined, again)).toEqual(kept);
  expect(again.stages).toEqual(["resolve"]);
  expect(await here.push("web", to)).toEqual({ ...pushed, isUploaded: false });
  const asked = seen.slice(before);
  expect(asked.filter((each) => !each.startsWith("HEAD") && !each.includes("/manifests/") && !each.endsWith("/v2/"))).toEqual([]);
  expect(asked.filter((each) => each.startsWith("PUT") || each.startsWith("POST"))).toEqual([]);

  // Under another tag the blob is there; by digest it is this very one, with another kernel if somebody says so.
  expect(await here.push("web", `${host}/acme/web`)).toMatchObject({ reference: `${host}/acme/web:latest`, digest: pushed.digest });
  const mine = await there.images.pull(`${host}/acme/web@${pushed.digest}`, "mine", recordingContext(), { kernelRef: "generic-6.12" });
  expect(mine).toMatchObject({ kernelRef: "generic-6.12", checksum: kept.checksum });
  there.nothingIsLeft(["mine", "web-v1"]);
  const out = await there.images.bundle("web-v1", mkdtempSync(join(folder, "out-")), recordingContext());
  expect(out.file).toStartWith("web-v1-amd64-");
});

test("logins come from the environment, a file, docker's and podman's; without one, or with a wrong one, nothing is pushed", async () => {
  const here = openPlace();
  putLittleImage(here.system.layout.images, "web");
  const to = (name: string): string => `${plain.host}/logins/${name}`;
  const auths = JSON.stringify({ auths: { [plain.host]: { auth: AUTH } } });
  mkdirSync(at("docker"));
  writeFileSync(at("docker/config.json"), auths);
  writeFileSync(at("podman.json"), auths);
  writeFileSync(at("credentials"), `BANGER_REGISTRY_USER=pusher\nBANGER_REGISTRY_PASSWORD=${PASSWORD}\n`, { mode: 0o600 });
  expect(await here.push("web", to("docker"), { DOCKER_CONFIG: at("docker") })).toMatchObject({ isUploaded: true });
  expect(await here.push("web", to("podman"), { REGISTRY_AUTH_FILE: at("podman.json") })).toMatchObject({ isUploaded: true });
  expect(await here.push("web", to("file"), {}, at("credentials"))).toMatchObject({ isUploaded: true });
  expect(await codeOf(here.push("web", to("none"), {}))).toBe("registry_denied");
  expect(await codeOf(here.push("web", to("wrong"), { ...LOGIN, BANGER_REGISTRY_PASSWORD: "wrong" }))).toBe("registry_denied");
  expect(await codeOf(openPlace({}).images.pull(to("docker"), undefined, recordingContext()))).toBe("registry_denied");
});

test("where it is pushed to must be a place in a registry, and one over TLS must be believed", async () => {
  const here = openPlace();
  putLittleImage(here.system.layout.images, "web");
  for (const to of ["", "oci:/tmp/x", `${plain.host}/a@sha256:${"0".repeat(64)}`, "http://x/y", "a b/c"])
    expect(await codeOf(here.push("web", to))).toBe("bad_image_reference");
  expect(await codeOf(here.push("web", `${tls.host}/acme/web`))).toBe("certificate_untrusted");
});

/** A registry that has an artifact with this layer in it. */
function offer(layer: Buffer, change: object = {}): MadeImage {
  const type = "application/vnd.banger.image.bundle.v1";
  const manifest = jsonOf({
    schemaVersion: 2,
    mediaType: TYPES.manifest,
    artifactType: type,
    config: { ...descriptorOf(Buffer.from("{}"), "application/vnd.oci.empty.v1+json") },
    layers: [descriptorOf(layer, `${type}.tar+zstd`)],
    ...change,
  });
  const blobs = new Map([
    [digestOf(manifest), { bytes: manifest, type: TYPES.manifest }],
    [digestOf(layer), { bytes: layer, type: "application/octet-stream" }],
  ]);
  return { manifest, config: Buffer.from("{}"), layers: [layer], blobs };
}

test.each([
  ["a layer that is no bundle", offer(Buffer.from("no bundle")), "damaged_bundle"],
  ["a kernel", offer(Buffer.from("x"), { artifactType: "application/vnd.banger.kernel.bundle.v1" }), "not_an_image"],
  ["no layers", offer(Buffer.from("x"), { layers: [] }), "bad_oci_document"],
] as const)("what has %s is not kept", async (_what, made, code) => {
  const registry = opened.use(openFakeRegistry(made));
  const place = openPlace({});
  expect(await codeOf(place.images.pull(`${registry.host}/acme/web`, undefined, recordingContext()))).toBe(code);
  place.nothingIsLeft();
});

test("what is for another computer is said to be", async () => {
  const registry = opened.use(openFakeRegistry(offer(Buffer.from("x"))));
  const pull = openPlace({}).images.pull(`${registry.host}/acme/web`, undefined, recordingContext(), { platform: "linux/arm64" });
  expect(await codeOf(pull)).toBe("no_such_platform");
});
