import { expect, test } from "bun:test";
import fc from "fast-check";
import { formatImageReference, isOciReference, parseImageReference } from "./image-reference.ts";

const DIGEST = `sha256:${"0a".repeat(32)}`;

test.each([
  ["debian:bookworm", "docker.io/library/debian:bookworm"],
  ["debian", "docker.io/library/debian:latest"],
  ["acme/x", "docker.io/acme/x:latest"],
  ["docker.io/debian", "docker.io/library/debian:latest"],
  ["index.docker.io/acme/x:1", "docker.io/acme/x:1"],
  ["docker://debian:12", "docker.io/library/debian:12"],
  ["oci://ghcr.io/x/y", "ghcr.io/x/y:latest"],
  ["localhost/a", "localhost/a:latest"],
  ["localhost:5000/a/b:tag", "localhost:5000/a/b:tag"],
  ["[::1]:5000/a", "[::1]:5000/a:latest"],
  [`ghcr.io/x/y@${DIGEST}`, `ghcr.io/x/y@${DIGEST}`],
  [`debian:bookworm@${DIGEST}`, `docker.io/library/debian:bookworm@${DIGEST}`],
  ["oci:/srv/layout", "oci:/srv/layout"],
  ["oci:/srv/layout:v1", "oci:/srv/layout:v1"],
  ["oci:/srv/a:b/layout:v1", "oci:/srv/a:b/layout:v1"],
  ["docker-archive:/tmp/x.tar", "docker-archive:/tmp/x.tar"],
  ["docker-archive:/tmp/x.tar:acme/web:1", "docker-archive:/tmp/x.tar:acme/web:1"],
])("%s is %s", (text, whole) => {
  expect(formatImageReference(parseImageReference(text))).toBe(whole);
});

test.each([
  "",
  "Debian",
  "debian:",
  "debian:-x",
  "debian@sha256:00",
  "debian@md5:00",
  `debian@${DIGEST}@${DIGEST}`,
  "a//b",
  "../a",
  "user@host/a",
  "user:word@host.example/a",
  "http://registry.example/a",
  "registry.example:99999/a",
  "127.1/a",
  "registry.example/",
  "debian?x",
  "debian#x",
  "debian:a/b",
  "debian\n",
  " debian",
  "oci:relative",
  "oci:",
  "oci:/srv/x:",
  "oci:/srv/x\0y",
  "docker-archive:/x.tar:",
  "docker-archive:../x.tar",
  `debian:${"x".repeat(5000)}`,
])("%j is none", (text) => {
  expect(() => parseImageReference(text)).toThrow(expect.objectContaining({ code: "bad_image_reference", hint: expect.any(String) }));
});

test.each([
  ["debian-bookworm", false],
  ["acme/generic-6.12", false],
  ["debian:bookworm", true],
  ["ghcr.io/x/y", true],
  ["localhost/x", true],
  ["docker.io/debian", true],
  ["oci:/srv/x", true],
  [`x@${DIGEST}`, true],
])("whether %s can be nothing else: %p", (text, isOne) => {
  expect(isOciReference(text)).toBe(isOne);
});

test("whatever is taken has one text, which means the same", () => {
  const odd = fc.constantFrom(
    "/",
    ":",
    "@",
    "..",
    "%2e",
    "?",
    "#",
    "\\",
    "a",
    "b.c",
    "A",
    "_",
    "-",
    "[::1]",
    DIGEST,
    "5000",
    "oci:",
    "docker://",
    "\0",
    "é",
  );
  fc.assert(
    fc.property(fc.array(odd, { maxLength: 12 }), (parts) => {
      let parsed;
      try {
        parsed = parseImageReference(parts.join(""));
      } catch (error) {
        expect(error).toMatchObject({ code: "bad_image_reference" });
        return;
      }
      expect(parseImageReference(formatImageReference(parsed))).toEqual(parsed);
      if (parsed.kind !== "registry") return;
      const url = new URL(`https://${parsed.host}/v2/${parsed.repository}/manifests/${parsed.tag ?? "x"}`);
      expect([url.host, url.pathname]).toEqual([parsed.host, `/v2/${parsed.repository}/manifests/${parsed.tag ?? "x"}`]);
      expect([url.username, url.password, url.search, url.hash]).toEqual(["", "", "", ""]);
    }),
    { numRuns: 5000 },
  );
});
