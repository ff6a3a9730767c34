import { expect, test } from "bun:test";
import { chooseManifest } from "./choose-manifest.ts";
import type { IndexEntry } from "./image-document.ts";
import { parsePlatform, type Platform } from "./platform.ts";

test.each([
  [undefined, { os: "linux", architecture: "amd64", variant: undefined }],
  ["arm64", { os: "linux", architecture: "arm64", variant: undefined }],
  ["linux/arm64/v8", { os: "linux", architecture: "arm64", variant: "v8" }],
  ["linux/aarch64", { os: "linux", architecture: "arm64", variant: undefined }],
  ["x86_64", { os: "linux", architecture: "amd64", variant: undefined }],
])("%p is a platform", (text, platform) => {
  expect(parsePlatform(text, "amd64")).toEqual(platform);
});

test.each(["", "windows/amd64", "linux/", "linux/amd64/", "Linux/amd64", "linux/amd64/v1/x", "linux amd64", "x".repeat(40)])(
  "%p is none",
  (text) => {
    expect(() => parsePlatform(text, "amd64")).toThrow(expect.objectContaining({ code: "bad_platform" }));
  },
);

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const entryOf = (digest: string, platform: Platform | undefined, type = MANIFEST): IndexEntry => ({
  type,
  digest,
  bytes: 1,
  platform,
  name: undefined,
});
const forLinux = (architecture: string, variant?: string): Platform => ({ os: "linux", architecture, variant });
const unknown: Platform = { os: "unknown", architecture: "unknown", variant: undefined };

test.each([
  [
    "the first that fits",
    [entryOf("a", forLinux("arm64")), entryOf("b", forLinux("amd64")), entryOf("c", forLinux("amd64"))],
    "amd64",
    "b",
  ],
  ["the one that every computer can run", [entryOf("a", forLinux("amd64", "v3")), entryOf("b", forLinux("amd64"))], "amd64", "b"],
  ["the newer one when nothing else is there", [entryOf("a", forLinux("amd64", "v3"))], "amd64", "a"],
  ["the variant that was asked for", [entryOf("a", forLinux("arm", "v6")), entryOf("b", forLinux("arm", "v7"))], "linux/arm/v7", "b"],
  ["the usual variant, which need not be said", [entryOf("a", forLinux("arm64"))], "linux/arm64/v8", "a"],
  ["no statement about how it was built", [entryOf("a", unknown), entryOf("b", forLinux("amd64"))], "amd64", "b"],
  ["the only one that is for none in particular", [entryOf("a", undefined), entryOf("b", forLinux("arm64"))], "amd64", "a"],
  ["no other kind of thing", [entryOf("a", forLinux("amd64"), "application/x"), entryOf("b", forLinux("amd64"))], "amd64", "b"],
])("of an index is taken %s", (_what, entries, text, digest) => {
  expect(chooseManifest(entries, parsePlatform(text, "amd64"), "x").digest).toBe(digest);
});

test.each([
  ["nothing", [], "none for linux/amd64", "look at the name"],
  [
    "others",
    [entryOf("a", forLinux("arm64", "v8")), entryOf("b", { os: "\u001b[2J", architecture: "x", variant: undefined })],
    "none for",
    "linux/arm64/v8: --platform",
  ],
  ["several for none in particular", [entryOf("a", undefined), entryOf("b", undefined)], "does not say for which", "look at"],
])("an index with %s has none, and says what it has", (_what, entries, why, hint) => {
  expect(() => chooseManifest(entries, parsePlatform(undefined, "amd64"), "x")).toThrow(
    expect.objectContaining({ code: "no_such_platform", message: expect.stringContaining(why), hint: expect.stringContaining(hint) }),
  );
});
