/** Documents of strangers: what is taken, what is refused and by which name, and that chance finds nothing else. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { BangerError } from "../../contract/errors.ts";
import { parseImageConfig } from "./image-config.ts";
import { parseImageDocument } from "./image-document.ts";

const INDEX = "application/vnd.oci.image.index.v1+json";
const LIST = "application/vnd.docker.distribution.manifest.list.v2+json";
const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const DOCKER = "application/vnd.docker.distribution.manifest.v2+json";
const LAYER = "application/vnd.oci.image.layer.v1.tar";
const digestOf = (letter: string): string => `sha256:${letter.repeat(64)}`;
const bytesOf = (value: unknown): Buffer => Buffer.from(typeof value === "string" ? value : JSON.stringify(value));

const config = { mediaType: "application/vnd.oci.image.config.v1+json", digest: digestOf("c"), size: 10 };
const layer = (mediaType = LAYER) => ({ mediaType, digest: digestOf("a"), size: 20 });
const manifest = { schemaVersion: 2, mediaType: MANIFEST, config, layers: [layer(`${LAYER}+gzip`)] };
const index = {
  schemaVersion: 2,
  mediaType: INDEX,
  manifests: [{ mediaType: MANIFEST, digest: digestOf("b"), size: 5, platform: { os: "linux", architecture: "amd64" } }],
};

const codeOf = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    if (error instanceof BangerError) return `${error.code}: ${error.message}`;
    throw error;
  }
};

describe("a document", () => {
  test.each([
    [`${LAYER}`, "none"],
    [`${LAYER}+gzip`, "gzip"],
    [`${LAYER}+zstd`, "zstd"],
    ["application/vnd.docker.image.rootfs.diff.tar.gzip", "gzip"],
    ["application/vnd.docker.image.rootfs.diff.tar", "none"],
  ])("with a layer of the kind %s", (mediaType, compression) => {
    const parsed = parseImageDocument(bytesOf({ ...manifest, layers: [layer(mediaType)] }), MANIFEST, "x");
    expect(parsed).toMatchObject({ kind: "manifest", layers: [{ compression, digest: digestOf("a"), bytes: 20 }] });
  });

  test("that is an index, by either name or by none", () => {
    for (const [mediaType, type] of [
      [INDEX, INDEX],
      [LIST, LIST],
      [undefined, INDEX],
      [INDEX, undefined],
    ] as const)
      expect(parseImageDocument(bytesOf({ ...index, mediaType }), type, "x")).toMatchObject({
        kind: "index",
        entries: [{ platform: { architecture: "amd64" } }],
      });
  });

  test.each([
    ["both at once", { ...manifest, ...index }, undefined, "ambiguous_manifest"],
    ["an index with a config", { ...index, config }, INDEX, "ambiguous_manifest"],
    ["another kind than announced", manifest, DOCKER, "bad_oci_document"],
    ["a manifest that was announced as an index", { ...manifest, mediaType: undefined }, INDEX, "bad_oci_document"],
    ["an index that calls itself a manifest", { ...index, mediaType: MANIFEST }, MANIFEST, "bad_oci_document"],
    ["a kind of its own", { ...manifest, mediaType: "text/html" }, undefined, "bad_oci_document"],
    ["schema 1 by its version", { schemaVersion: 1, fsLayers: [] }, undefined, "old_manifest"],
    ["schema 1 by its kind", manifest, "application/vnd.docker.distribution.manifest.v1+prettyjws", "old_manifest"],
    ["no version", { ...manifest, schemaVersion: undefined }, MANIFEST, "bad_oci_document"],
    ["an artifact", { ...manifest, config: { ...config, mediaType: "application/vnd.oci.empty.v1+json" } }, MANIFEST, "not_an_image"],
    ["a chart", { ...manifest, config: { ...config, mediaType: "application/vnd.cncf.helm.config.v1+json" } }, MANIFEST, "not_an_image"],
    [
      "a foreign layer",
      { ...manifest, layers: [layer("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")] },
      MANIFEST,
      "unusable_layer",
    ],
    [
      "a layer not to be distributed",
      { ...manifest, layers: [layer("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip")] },
      MANIFEST,
      "unusable_layer",
    ],
    ["a layer from elsewhere", { ...manifest, layers: [{ ...layer(), urls: ["http://169.254.169.254/"] }] }, MANIFEST, "unusable_layer"],
    ["an encrypted layer", { ...manifest, layers: [layer(`${LAYER}+gzip+encrypted`)] }, MANIFEST, "unusable_layer"],
    ["a layer of an unknown kind", { ...manifest, layers: [layer("application/x")] }, MANIFEST, "unusable_layer"],
    ["sha512", { ...manifest, config: { ...config, digest: `sha512:${"a".repeat(128)}` } }, MANIFEST, "bad_oci_document"],
    ["a digest with a path", { ...manifest, config: { ...config, digest: "sha256:../../x" } }, MANIFEST, "bad_oci_document"],
    ["a size below zero", { ...manifest, layers: [{ ...layer(), size: -1 }] }, MANIFEST, "bad_oci_document"],
    ["half a byte", { ...manifest, layers: [{ ...layer(), size: 0.5 }] }, MANIFEST, "bad_oci_document"],
    ["a size beyond all numbers", { ...manifest, layers: [{ ...layer(), size: 1e300 }] }, MANIFEST, "bad_oci_document"],
    ["a large config", { ...manifest, config: { ...config, size: 100 * 2 ** 20 } }, MANIFEST, "bad_oci_document"],
    ["too many layers", { ...manifest, layers: Array.from({ length: 513 }, () => layer()) }, MANIFEST, "bad_oci_document"],
    ["layers that are none", { ...manifest, layers: { length: 1 } }, MANIFEST, "bad_oci_document"],
    ["no list", [], MANIFEST, "bad_oci_document"],
    ["nothing", "", MANIFEST, "bad_oci_document"],
    ["a page of the web", "<html>", MANIFEST, "bad_oci_document"],
    ["nesting without end", "[".repeat(2 ** 20), MANIFEST, "bad_oci_document"],
    ["nesting without end in an object", `{"schemaVersion":2,"manifests":${"[".repeat(2 ** 20)}`, INDEX, "bad_oci_document"],
    ["a million entries", `{"schemaVersion":2,"manifests":[${"0,".repeat(1_000_000)}0]}`, INDEX, "bad_oci_document"],
  ] as const)("with %s is refused, soon", (_what, value, type, code) => {
    const startedMs = performance.now();
    expect(codeOf(() => parseImageDocument(bytesOf(value), type, "x"))).toStartWith(`${code}: cannot use x`);
    expect(performance.now() - startedMs).toBeLessThan(1000);
  });
});

describe("an artifact that is an image of ours", () => {
  const of = (change: object = {}, first: object = {}) => ({
    schemaVersion: 2,
    mediaType: MANIFEST,
    artifactType: "application/vnd.banger.image.bundle.v1",
    config: { mediaType: "application/vnd.oci.empty.v1+json", digest: digestOf("e"), size: 2 },
    layers: [{ mediaType: "application/vnd.banger.image.bundle.v1.tar+zstd", digest: digestOf("b"), size: 100, ...first }],
    ...change,
  });

  test("is read as its one layer", () => {
    expect(parseImageDocument(bytesOf(of()), MANIFEST, "x")).toEqual({
      kind: "bundle",
      layer: { type: "application/vnd.banger.image.bundle.v1.tar+zstd", digest: digestOf("b"), bytes: 100 },
    });
  });

  test.each([
    ["without a layer", of({ layers: [] }), "bad_oci_document"],
    ["without layers", of({ layers: undefined }), "bad_oci_document"],
    ["with two layers", of({ layers: [...of().layers, ...of().layers] }), "bad_oci_document"],
    ["with a layer of another kind", of({}, { mediaType: "application/vnd.oci.image.layer.v1.tar+zstd" }), "bad_oci_document"],
    ["with a kernel in it", of({}, { mediaType: "application/vnd.banger.kernel.bundle.v1.tar+zstd" }), "bad_oci_document"],
    ["with an empty layer", of({}, { size: 0 }), "bad_oci_document"],
    ["with a layer of no size", of({}, { size: -1 }), "bad_oci_document"],
    ["with a layer by another digest", of({}, { digest: "sha512:ab" }), "bad_oci_document"],
    ["that is a kernel", of({ artifactType: "application/vnd.banger.kernel.bundle.v1" }), "not_an_image"],
    ["of a version to come", of({ artifactType: "application/vnd.banger.image.bundle.v2" }), "not_an_image"],
  ] as const)("but %s is refused", (_what, value, code) => {
    expect(codeOf(() => parseImageDocument(bytesOf(value), MANIFEST, "x"))).toStartWith(`${code}: cannot use x`);
  });
});

const rootfs = { type: "layers", diff_ids: [digestOf("d")] };
const whole = {
  os: "linux",
  architecture: "arm64",
  variant: "v8",
  created: "2026-01-01T00:00:00Z",
  config: {
    Env: ["PATH=/bin", "EMPTY="],
    WorkingDir: "/srv",
    User: "www-data:www-data",
    Entrypoint: ["/entry"],
    Cmd: null,
    Labels: { a: "b" },
    StopSignal: "SIGQUIT",
    ExposedPorts: { "80/tcp": {} },
    Volumes: { "/data": {} },
    Healthcheck: { Test: ["NONE"] },
  },
  rootfs,
};

describe("a config", () => {
  test("is read, and what is absent is empty", () => {
    expect(parseImageConfig(bytesOf(whole), "x")).toEqual({
      platform: { os: "linux", architecture: "arm64", variant: "v8" },
      diffIds: [digestOf("d")],
      config: {
        env: ["PATH=/bin", "EMPTY="],
        workingDir: "/srv",
        user: "www-data:www-data",
        entrypoint: ["/entry"],
        cmd: [],
        labels: { a: "b" },
        stopSignal: "SIGQUIT",
        exposedPorts: ["80/tcp"],
        volumes: ["/data"],
      },
    });
    expect(parseImageConfig(bytesOf({ os: "linux", architecture: "amd64", rootfs }), "x").config).toEqual({
      env: [],
      workingDir: "",
      user: "",
      entrypoint: [],
      cmd: [],
      labels: {},
      stopSignal: undefined,
      exposedPorts: [],
      volumes: [],
    });
  });

  test.each([
    ["no name of a variable", { Env: ["=x"] }],
    ["a variable without a value", { Env: ["x"] }],
    ["a NUL", { Cmd: ["a\0b"] }],
    ["arguments that are no texts", { Cmd: [1] }],
    ["a command for a shell", { Cmd: "echo" }],
    ["too many labels", { Labels: Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [String(at), ""])) }],
    ["a label that is none", { Labels: { a: 1 } }],
    ["a port that is none", { ExposedPorts: { "http/x": {} } }],
    ["a user of two lines", { User: "a\nroot" }],
    ["a long folder", { WorkingDir: `/${"x".repeat(5000)}` }],
  ])("with %s is refused", (_what, some) => {
    expect(codeOf(() => parseImageConfig(bytesOf({ ...whole, config: some }), "x"))).toStartWith("bad_oci_document: cannot use x");
  });

  test.each([
    ["another root", { ...whole, rootfs: { type: "disk", diff_ids: [] } }],
    ["a layer by another digest", { ...whole, rootfs: { type: "layers", diff_ids: ["md5:00"] } }],
    ["a system with a path in it", { ...whole, os: "../x" }],
    ["nothing", {}],
  ])("of %s is refused", (_what, value) => {
    expect(codeOf(() => parseImageConfig(bytesOf(value), "x"))).toStartWith("bad_oci_document: cannot use x");
  });
});

test("examples that chance has changed are taken or refused, soon, and nothing else", () => {
  const examples = [manifest, index, whole].map((each) => JSON.stringify(each));
  const parses = [(bytes: Buffer) => parseImageDocument(bytes, undefined, "x"), (bytes: Buffer) => parseImageConfig(bytes, "x")];
  const edit = fc.tuple(
    fc.nat(2000),
    fc.nat(20),
    fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom("null", "[]", "{}", "-1", "1e9", '"', "}", '"__proto__":')),
  );
  fc.assert(
    fc.property(fc.constantFrom(...examples), fc.array(edit, { maxLength: 4 }), fc.constantFrom(...parses), (example, edits, parse) => {
      const text = edits.reduce((so, [at, gone, put]) => so.slice(0, at % so.length) + put + so.slice((at % so.length) + gone), example);
      const startedMs = performance.now();
      codeOf(() => parse(Buffer.from(text)));
      expect(performance.now() - startedMs).toBeLessThan(500);
    }),
    { numRuns: 3000 },
  );
});
