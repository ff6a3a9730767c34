import { expect, test } from "bun:test";
import fc from "fast-check";
import { goodsName } from "../../contract/schemas/names.ts";
import { nameOfImage } from "./name-of-image.ts";

const DIGEST = `sha256:${"0a".repeat(32)}`;

test.each([
  ["debian:bookworm", "debian-bookworm"],
  ["acme/web", "web"],
  ["ghcr.io/acme/web:latest", "web"],
  ["localhost:5000/acme/web", "web"],
  ["localhost:5000/acme/web:V1", "web-v1"],
  [`ghcr.io/acme/web@${DIGEST}`, "web-0a0a0a0a0a0a"],
  [`ghcr.io/acme/web:v1@${DIGEST}`, "web-v1"],
  ["docker://debian:12", "debian-12"],
  ["oci://ghcr.io/x/y", "y"],
  ["oci:/srv/my layout", "my-layout"],
  ["oci:/srv/layout:web", "layout-web"],
  ["docker-archive:/tmp/saved.tar", "saved"],
  ["docker-archive:/tmp/saved.tar:acme/web:1", "web-1"],
])("%s is called %s", (text, name) => expect(nameOfImage(text)).toBe(name));

test("whatever is typed, it is a name", () => {
  const part = fc.oneof(fc.string(), fc.constantFrom("/", ":", "@", "oci:", "docker-archive:", ".tar", "__", "x".repeat(200)));
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), (parts) => expect(goodsName.safeParse(nameOfImage(parts.join(""))).success).toBe(true)),
    { numRuns: 2000 },
  );
});
