/** Images that skopeo and umoci made, from Debian's own docker-registry, from folders and from saved archives. */
import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeCertificate } from "../support/certificate.ts";
import { startDockerRegistry, type DockerRegistry } from "../support/docker-registry.ts";
import { checkLayers, makeImage, openFakeRegistry, openPuller, type FakeRegistry, type Puller, type Tell } from "../support/oci-world.ts";

setDefaultTimeout(60_000);

const PASSWORD = "registry-password-1";
const LOGIN = { BANGER_REGISTRY_USER: "puller", BANGER_REGISTRY_PASSWORD: PASSWORD };
const AUTH = Buffer.from(`puller:${PASSWORD}`).toString("base64");
const folder = mkdtempSync(join(tmpdir(), "banger-pull-oci-"));
const at = (name: string): string => join(folder, name);
let plain: DockerRegistry;
let tls: DockerRegistry;
let opened = new AsyncDisposableStack();

const run = (...argv: readonly string[]): void => {
  const ran = Bun.spawnSync([...argv], { cwd: folder });
  if (ran.exitCode !== 0) throw new Error(`${argv.join(" ")}: ${ran.stderr.toString()}`);
};
const skopeo = (...argv: readonly string[]): void => run("skopeo", "--insecure-policy", "copy", "--quiet", ...argv);

beforeAll(async () => {
  writeFileSync(at("htpasswd"), Bun.spawnSync(["htpasswd", "-Bbn", "puller", PASSWORD]).stdout);
  makeCertificate(folder);
  [plain, tls] = [await startDockerRegistry(folder, "plain", "login"), await startDockerRegistry(folder, "tls", "tls")];
  run("umoci", "init", "--layout", at("layout"));
  run("umoci", "new", "--image", `${at("layout")}:web`);
  for (const name of ["first", "second"]) {
    mkdirSync(at(name));
    writeFileSync(join(at(name), `${name}.txt`), name.repeat(5000));
    run("tar", "--create", `--file=${at(`${name}.tar`)}`, "--directory", at(name), ".");
    run("umoci", "raw", "add-layer", "--image", `${at("layout")}:web`, at(`${name}.tar`));
  }
  const words = ["--config.env=A=b", "--config.cmd=serve", "--config.user=www", "--config.workingdir=/srv", "--config.label=x=y"];
  run("umoci", "config", "--image", `${at("layout")}:web`, ...words, "--config.exposedports=80/tcp", "--config.volume=/data");
  skopeo("--dest-compress-format", "zstd", "--dest-compress", `oci:${at("layout")}:web`, `oci:${at("zstd")}:web`);
  skopeo(`oci:${at("layout")}:web`, `docker-archive:${at("saved.tar")}:acme/web:1`);
  skopeo("--dest-tls-verify=false", "--dest-creds", `puller:${PASSWORD}`, `oci:${at("layout")}:web`, `docker://${plain.host}/acme/web:v1`);
  skopeo("--dest-tls-verify=false", "--format", "v2s2", `oci:${at("layout")}:web`, `docker://${tls.host}/acme/web:v2`);
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

const us = (more?: Parameters<typeof openPuller>[0], signal?: AbortSignal): Puller => opened.use(openPuller(more, signal));
const front = (tell: Tell, image = makeImage()): FakeRegistry => opened.use(openFakeRegistry(image, tell));

describe("an image that umoci made", () => {
  test.each([
    ["from a registry", () => `${plain.host}/acme/web:v1`, "gzip"],
    ["from a folder", () => `oci:${at("layout")}:web`, "gzip"],
    ["from a folder that has only it", () => `oci:${at("layout")}`, "gzip"],
    ["with layers by zstd", () => `oci:${at("zstd")}:web`, "zstd"],
    ["from a saved archive", () => `docker-archive:${at("saved.tar")}`, "none"],
    ["from a saved archive by its name", () => `docker-archive:${at("saved.tar")}:acme/web:1`, "none"],
  ])("%s", async (_what, text, compression) => {
    const puller = us({ variables: LOGIN });
    const image = await puller.sources.resolve(text(), { platform: undefined }, puller.context);
    expect(image).toMatchObject({
      platform: { os: "linux", architecture: "amd64" },
      config: {
        env: ["A=b"],
        cmd: ["serve"],
        entrypoint: [],
        user: "www",
        workingDir: "/srv",
        labels: { x: "y" },
        exposedPorts: ["80/tcp"],
        volumes: ["/data"],
      },
      layers: [{ compression }, { compression }],
    });
    checkLayers(image, await puller.sources.fetchLayers(image, puller.context));
    const total = image.layers.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(puller.progress.at(-1)).toBe(total);
    // What was resolved elsewhere is fetched from what its reference says.
    checkLayers(image, await us({ variables: LOGIN }).sources.fetchLayers({ ...image }, puller.context));
  });

  test("by its digest, and of no other platform", async () => {
    const puller = us({ variables: LOGIN });
    const { digest } = await puller.sources.resolve(`${plain.host}/acme/web:v1`, { platform: "linux/amd64" }, puller.context);
    expect(await puller.pull(`${plain.host}/acme/web@${digest}`)).toHaveLength(2);
    for (const text of [`${plain.host}/acme/web:v1`, `oci:${at("layout")}:web`, `docker-archive:${at("saved.tar")}`])
      await expect(puller.pull(text, "linux/arm64")).rejects.toMatchObject({ code: "no_such_platform" });
  });

  test.each([
    ["another tag", () => `${plain.host}/acme/web:v9`, "image_not_in_registry"],
    ["another repository", () => `${plain.host}/acme/none`, "image_not_in_registry"],
    ["another tag of a folder", () => `oci:${at("layout")}:other`, "image_not_in_registry"],
    ["another name of an archive", () => `docker-archive:${at("saved.tar")}:acme/other`, "image_not_in_registry"],
    ["a folder that is none", () => `oci:${folder}`, "bad_oci_layout"],
    ["no folder", () => `oci:${at("nowhere")}`, "bad_oci_layout"],
    ["an archive that is none", () => `docker-archive:${at("ca.pem")}`, "bad_docker_archive"],
    ["no archive", () => `docker-archive:${at("nowhere")}`, "bad_docker_archive"],
    [
      "an archive that is a link",
      () => (symlinkSync("saved.tar", at("link.tar")), `docker-archive:${at("link.tar")}`),
      "bad_docker_archive",
    ],
    ["an archive that is a folder", () => `docker-archive:${at("layout")}`, "bad_docker_archive"],
    ["a tar of something else", () => `docker-archive:${at("first.tar")}`, "bad_docker_archive"],
  ])("is not found as %s", async (what, text, code) => {
    const failed = us({ variables: LOGIN }).pull(text());
    await expect(failed).rejects.toMatchObject({ code });
    // Of what is there nobody says that it is not.
    const said = await failed.catch((error: unknown) => (error as Error).message);
    expect(said.includes("there is no such file")).toBe(what === "no archive");
  });

  test("from an archive that was cut off, or changed, is refused", async () => {
    const whole = readFileSync(at("saved.tar"));
    writeFileSync(at("cut.tar"), whole.subarray(0, whole.length / 2));
    await expect(us().pull(`docker-archive:${at("cut.tar")}`)).rejects.toMatchObject({ code: "bad_docker_archive" });
    const changed = Buffer.from(whole);
    changed.write("X", changed.indexOf("firstfirst"));
    writeFileSync(at("changed.tar"), changed);
    await expect(us().pull(`docker-archive:${at("changed.tar")}`)).rejects.toMatchObject({ code: "digest_mismatch" });
  });
});

describe("a login", () => {
  const docker = (file: unknown): Record<string, string> => {
    const place = mkdtempSync(at("docker-"));
    writeFileSync(join(place, "config.json"), JSON.stringify(file));
    return { DOCKER_CONFIG: place };
  };
  const podman = (file: unknown): Record<string, string> => {
    const place = mkdtempSync(at("podman-"));
    writeFileSync(join(place, "auth.json"), JSON.stringify(file));
    return { REGISTRY_AUTH_FILE: join(place, "auth.json") };
  };
  const helper = (name: string, script: string): void => {
    mkdirSync(at("bin"), { recursive: true });
    writeFileSync(at(`bin/docker-credential-${name}`), `#!/bin/sh\n${script}\n`);
    chmodSync(at(`bin/docker-credential-${name}`), 0o755);
  };
  const withHelper = (variables: Record<string, string>): Puller => {
    const before = process.env["PATH"];
    process.env["PATH"] = `${at("bin")}:${before}`;
    try {
      return us({ variables });
    } finally {
      process.env["PATH"] = before;
    }
  };

  test("is needed, and is taken from the environment, from docker's file and from podman's", async () => {
    const text = `${plain.host}/acme/web:v1`;
    await expect(us().pull(text)).rejects.toMatchObject({ code: "registry_denied", hint: expect.stringContaining("docker login") });
    await expect(us({ variables: { ...LOGIN, BANGER_REGISTRY_PASSWORD: "x" } }).pull(text)).rejects.toMatchObject({
      code: "registry_denied",
    });
    for (const variables of [
      LOGIN,
      docker({ auths: { [plain.host]: { auth: AUTH } } }),
      podman({ auths: { [`${plain.host}/acme`]: { auth: AUTH } } }),
    ])
      expect(await us({ variables }).pull(text)).toHaveLength(2);
    const other = docker({ auths: { "127.0.0.1:1": { auth: AUTH }, "127.0.0.1": { auth: AUTH } } });
    await expect(us({ variables: other }).pull(text)).rejects.toMatchObject({ code: "registry_denied" });
  });

  test("is given by a helper, which gets the address on stdin", async () => {
    helper(
      "good",
      `read server; [ "$1 $server" = "get ${plain.host}" ] && echo '{"ServerURL":"x","Username":"puller","Secret":"${PASSWORD}"}'`,
    );
    const text = `${plain.host}/acme/web:v1`;
    expect(await withHelper(docker({ credHelpers: { [plain.host]: "good" } })).pull(text)).toHaveLength(2);
    expect(await withHelper(docker({ credsStore: "good" })).pull(text)).toHaveLength(2);
  });

  test.each([
    ["does not know it", "echo 'credentials not found in native keychain'; exit 1", "registry_denied"],
    ["fails", `echo '${PASSWORD}' >&2; exit 3`, "login_unusable"],
    ["says something else", `echo '${PASSWORD}'`, "login_unusable"],
    ["says too much", "yes", "output_too_large"],
    ["has an identity token", `echo '{"Username":"<token>","Secret":"${PASSWORD}"}'`, "login_unusable"],
  ])("whose helper %s is told, without what it said", async (_what, script, code) => {
    helper("odd", script);
    const error: unknown = await withHelper(docker({ credsStore: "odd" }))
      .pull(`${plain.host}/acme/web:v1`)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code });
    expect(Bun.inspect(error, { depth: 10 })).not.toContain(PASSWORD);
  });

  test("whose helper hangs is waited for ten seconds", async () => {
    helper("slow", "exec sleep 100");
    const startedMs = performance.now();
    await expect(withHelper(docker({ credsStore: "slow" })).pull(`${plain.host}/acme/web:v1`)).rejects.toMatchObject({ kind: "timeout" });
    expect(performance.now() - startedMs).toBeLessThan(20_000);
  });

  test("whose helper is not installed is none, and a helper by a path is not run", async () => {
    const text = `${plain.host}/acme/web:v1`;
    await expect(us({ variables: docker({ credsStore: "nowhere" }) }).pull(text)).rejects.toMatchObject({ code: "registry_denied" });
    await expect(us({ variables: docker({ credsStore: "../x" }) }).pull(text)).rejects.toMatchObject({ code: "bad_credentials_file" });
    await expect(us({ variables: docker([]) }).pull(text)).rejects.toMatchObject({ code: "bad_credentials_file" });
  });

  test("is asked for by nobody where anybody may pull, and goes nowhere else", async () => {
    const image = makeImage();
    const storage = front(() => undefined, image);
    const registry = front((request, url) => {
      if (url.pathname === "/token") return Response.json({ token: request.headers.has("authorization") ? "ours" : "anybody" });
      if (request.headers.get("authorization") !== "Bearer ours")
        return new Response(null, { status: 401, headers: { "www-authenticate": `Bearer realm="http://${url.host}/token",service="s"` } });
      return url.pathname.includes("/blobs/") ? Response.redirect(`http://${storage.host}${url.pathname}`, 307) : undefined;
    }, image);
    await us({ variables: LOGIN }).pull(`${registry.host}/acme/web`);
    expect(registry.seen.filter((line) => line.includes("Basic "))).toEqual([`GET /token Basic ${AUTH}`]);
    expect(storage.seen).toHaveLength(3);
    expect(storage.seen.filter((line) => !line.endsWith(" -"))).toEqual([]);
  });
});

test("TLS by a CA that is known, and by one that is not", async () => {
  const pull = async (more: Record<string, string>): Promise<unknown> => {
    const argv = [process.execPath, join(import.meta.dir, "fake-oci-puller.ts"), `${tls.host}/acme/web:v2`];
    const child = Bun.spawn(argv, { env: { PATH: process.env["PATH"] ?? "", ...more }, stdout: "pipe", stderr: "inherit" });
    return JSON.parse(await child.stdout.text());
  };
  expect(await pull({})).toEqual({ code: "certificate_untrusted" });
  expect(await pull({ NODE_EXTRA_CA_CERTS: at("ca.pem") })).toEqual({ layers: 2 });
});
