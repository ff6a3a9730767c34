import { expect, test } from "bun:test";
import { bootstrapFailure } from "./bootstrap-failure.ts";

test.each([
  ["tar: ./usr: Cannot write: No space left on device", "disk_full"],
  ["E: Failed to fetch http://m.example/x  Temporary failure resolving 'm.example'", "mirror_unreachable"],
  [
    "W: GPG error: http://m.example bookworm InRelease: the following signatures couldn't be verified: NO_PUBKEY 0E98",
    "archive_not_verified",
  ],
  ["E: Unable to locate package nosuch", "package_not_found"],
  ["E: something else", "bootstrap_failed"],
])("%p is %p, with the image named", (line, code) => {
  const error = bootstrapFailure("cannot pull image debian-bookworm", "mmdebstrap", `I: before\n${line}\nI: removing tempdir\n`);
  expect(error).toMatchObject({ kind: "unavailable", code });
  expect(error.message).toStartWith("cannot pull image debian-bookworm: ");
});

test("an unknown failure is told in the program's own last error", () => {
  expect(bootstrapFailure("cannot pull image x", "mmdebstrap", "E: a\nE: b\nI: c\n").message).toBe(
    "cannot pull image x: mmdebstrap failed: E: b",
  );
});
