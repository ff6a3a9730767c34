/** Ways to tamper with an index or a package, below an InRelease that is right: the code that each is refused with. */
import { createHash, randomBytes } from "node:crypto";
import { appendFileSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ArchivePlan } from "../../src/catalog/debian/made-archive.ts";
import { edit, flip, HELLO, OLD_HELLO, type ArchiveWorld } from "../../src/catalog/debian/test-archive-world.ts";

export interface IndexCase {
  readonly code: string;
  readonly plan?: Partial<ArchivePlan>;
  readonly spoil?: (world: ArchiveWorld) => void | Promise<void>;
}

const NOT_UNDERSTOOD = "archive_not_understood";
const byHash = { editRelease: (text: string) => `Acquire-By-Hash: yes\n${text}` };
const release = (change: (text: string) => string): Pick<IndexCase, "plan"> => ({ plan: { editRelease: change } });
const index = (change: (text: string) => string): Pick<IndexCase, "plan"> => ({ plan: { editIndex: change } });
const filename = (name: string, code = NOT_UNDERSTOOD): IndexCase => ({
  code,
  ...index((text) => text.replaceAll(/Filename: .*/g, `Filename: ${name}`)),
});
/** Below the InRelease that there is, the index of an archive that is right as well. */
const otherIndex =
  (change: (text: string) => string, to?: (world: ArchiveWorld, digest: string) => string) =>
  async (world: ArchiveWorld): Promise<void> => {
    const [signed, right] = [readFileSync(join(world.suite, "InRelease")), readFileSync(world.index)];
    await world.write({ editIndex: change });
    writeFileSync(join(world.suite, "InRelease"), signed);
    if (to === undefined) return;
    const path = to(world, createHash("sha256").update(right).digest("hex"));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, readFileSync(world.index));
    writeFileSync(world.index, right);
  };
/** Signed as it is, and no xz any more. */
const packed = (bytes: Uint8Array): Pick<IndexCase, "plan"> =>
  release((text) =>
    text.replace(/ [0-9a-f]{64} \d+ (main\S*Packages\.xz)/, ` ${createHash("sha256").update(bytes).digest("hex")} ${bytes.length} $1`),
  );
const put = (bytes: Uint8Array) => (world: ArchiveWorld) => writeFileSync(world.index, bytes);

export const INDEXES: Readonly<Record<string, IndexCase>> = {
  "a byte was changed": { code: "digest_mismatch", spoil: (world) => flip(world.index, 60) },
  "it is longer than announced": { code: "size_mismatch", spoil: (world) => appendFileSync(world.index, "x") },
  "it is shorter than announced": { code: "size_mismatch", spoil: (world) => truncateSync(world.index, 40) },
  "it is not there": { code: "mirror_lacks_file", spoil: (world) => rmSync(world.index) },
  "it is a folder": {
    code: "mirror_lacks_file",
    spoil: (world) => {
      rmSync(world.index);
      mkdirSync(world.index);
    },
  },
  "it is the one of another day": { code: "digest_mismatch", spoil: otherIndex((text) => text.replaceAll("1.0-2", "1.0-3")) },
  "it is the one of another day, by its digest too": {
    code: "digest_mismatch",
    plan: byHash,
    spoil: otherIndex(
      (text) => text.replaceAll("1.0-2", "1.0-3"),
      (world, digest) => join(world.suite, "main/binary-amd64/by-hash/SHA256", digest),
    ),
  },
  "it is the one of another architecture": { code: "digest_mismatch", spoil: otherIndex((text) => text.replaceAll("amd64", "arm64")) },
  "the release does not name it": { code: "index_not_signed", ...release((text) => text.replace(/^.*Packages\.xz\n/m, "")) },
  "the release names that of another architecture": {
    code: "index_not_signed",
    ...release((text) => text.replaceAll("binary-amd64", "binary-arm64")),
  },
  "the release has its MD5 alone": { code: "index_not_signed", ...release((text) => text.replace("SHA256:", "MD5Sum:")) },
  "the release names it from another place": {
    code: "index_not_signed",
    ...release((text) => text.replaceAll("main/", "./main/")),
  },
  "it is endless by the release": {
    code: "index_too_large",
    ...release((text) => text.replace(/\d+ (main\S*Packages\.xz)/, "99999999999 $1")),
  },
  "the release says a smaller size": { code: "size_mismatch", ...release((text) => text.replace(/\d+ (main\S*Packages\.xz)/, "40 $1")) },
  "the release says a larger size": { code: "size_mismatch", ...release((text) => text.replace(/\d+ (main\S*Packages\.xz)/, "9000 $1")) },
  "the release says no size": { code: "digest_mismatch", ...release((text) => text.replace(/\d+ (main\S*Packages\.xz)/, "0 $1")) },
  "it unpacks to more than announced": {
    code: "unpacked_too_large",
    ...release((text) => text.replace(/\d+ (main\S*Packages\n)/, "10 $1")),
  },
  "it unpacks to more than such an index does": { code: "unpacked_too_large", ...index((text) => text + "\n".repeat(3e6)) },
  "it was signed empty": { code: "damaged_archive", ...packed(Buffer.alloc(0)), spoil: put(Buffer.alloc(0)) },
  "it was signed and is no xz": { code: "damaged_archive", ...packed(Buffer.from("rubbish")), spoil: put(Buffer.from("rubbish")) },
  "it is no list of packages": { code: NOT_UNDERSTOOD, ...index(() => "no fields here\n") },
  "it lacks the package": { code: "package_not_found", plan: { packages: [], editIndex: () => "Package: other\n" } },
};

const stanza = (from: RegExp | string, to: string): Pick<IndexCase, "plan"> => index((text) => text.replaceAll(new RegExp(from, "g"), to));

export const STANZAS: Readonly<Record<string, IndexCase>> = {
  "its path goes up": filename("../../etc/hello.deb"),
  "its path goes up in its middle": filename("pool/../../../etc/hello.deb"),
  "its path goes up in disguise": filename("%2e%2e/%2e%2e/etc/hello.deb"),
  "its path goes up within a name": filename("pool/main/x%2f..%2f..%2fmain/hello_2.deb", "mirror_lacks_file"),
  "its path goes up within a name, in capitals": filename("pool/main/x%2F..%2Fhello_2.deb", "mirror_lacks_file"),
  "its path has an end within": filename("pool/main/hello_2.deb%00", "mirror_lacks_file"),
  "its path is no path once it is decoded": filename("pool/main/hello_2.deb%zz", "mirror_lacks_file"),
  "its path begins at the root": filename("/etc/passwd"),
  "its path is another computer's": filename("//elsewhere/hello.deb"),
  "its path is an address": filename("http://elsewhere/hello.deb"),
  "its path is an address of this computer": filename("file:///etc/passwd"),
  "its path has a question": filename("pool/main/hello_2.deb?x"),
  "its path has a name before a host": filename("x@elsewhere/hello.deb"),
  "its path has a slash of DOS": filename("pool\\\\..\\\\hello.deb"),
  "its path is folded": filename("\n ../hello.deb"),
  "its path comes twice": { code: NOT_UNDERSTOOD, ...stanza("Filename:", "Filename: pool/main/hello_1.deb\nFilename:") },
  "its path comes twice, once in capitals": { code: NOT_UNDERSTOOD, ...stanza("Filename:", "FILENAME: pool/main/hello_1.deb\nFilename:") },
  "it has no digest": { code: NOT_UNDERSTOOD, ...stanza("SHA256.*\n", "") },
  "it has a digest of half the length": { code: NOT_UNDERSTOOD, ...stanza("(SHA256: .{32}).*", "$1") },
  "its digest is MD5": { code: NOT_UNDERSTOOD, ...stanza("SHA256:", "MD5sum:") },
  "its digest is folded": { code: NOT_UNDERSTOOD, ...stanza("SHA256: ", `SHA256: ${"0".repeat(64)}\n `) },
  "its digest comes twice": { code: NOT_UNDERSTOOD, ...stanza("SHA256: ", `SHA256: ${"0".repeat(64)}\nSHA256: `) },
  "its size is below nothing": { code: NOT_UNDERSTOOD, ...stanza("Size: ", "Size: -") },
  "its size is written as a power": { code: NOT_UNDERSTOOD, ...stanza("Size: .*", "Size: 1e9") },
  "its size is beyond all disks": { code: NOT_UNDERSTOOD, ...stanza("Size: .*", "Size: 9999999999999") },
  "its size is smaller than it is": { code: "size_mismatch", ...stanza("Size: .*", "Size: 7") },
  "its size is larger than it is": { code: "size_mismatch", ...stanza("Size: .*", "Size: 70000") },
  "its version has a path": { code: NOT_UNDERSTOOD, ...stanza("Version: .*", "Version: 1/../2") },
  "it is of another architecture": { code: NOT_UNDERSTOOD, ...stanza("amd64", "arm64") },
  "it depends on what is no package": { code: NOT_UNDERSTOOD, ...stanza("Depends: .*", "Depends: ../x") },
  "it has another name": { code: "package_not_found", ...stanza("Package: hello", "Package: hello-2") },
  "it has its name in capitals": { code: "package_not_found", ...stanza("Package: hello", "Package: Hello") },
  "it has its name with a NUL byte": { code: "package_not_found", ...stanza("Package: hello", "Package: hello\0") },
  "it has its name in a description alone": {
    code: "package_not_found",
    ...stanza("Package: hello", "Package: other\nDescription: x\n Package: hello"),
  },
  "it has a blank before a colon": { code: NOT_UNDERSTOOD, ...stanza("Package: hello", "Package : hello") },
  "its lines end as those of DOS": { code: NOT_UNDERSTOOD, ...stanza("\n", "\r\n") },
  "it begins with a line that goes on": { code: NOT_UNDERSTOOD, ...index((text) => ` hello\n${text}`) },
  "it has a line of two million letters": {
    code: NOT_UNDERSTOOD,
    ...stanza("Package: hello", `Description: ${randomBytes(15e5).toString("base64")}\nPackage: hello`),
  },
};

const pool = (world: ArchiveWorld): string => join(world.mirror, "pool/main/hello_2.deb");

export const PACKAGES: Readonly<Record<string, IndexCase>> = {
  "a byte was changed": { code: "digest_mismatch", spoil: (world) => flip(pool(world), 5) },
  "it is longer than announced": { code: "size_mismatch", spoil: (world) => appendFileSync(pool(world), "more") },
  "it is cut off": { code: "size_mismatch", spoil: (world) => truncateSync(pool(world), 7) },
  "it is empty": { code: "size_mismatch", spoil: (world) => truncateSync(pool(world), 0) },
  "it is not there": { code: "mirror_lacks_file", spoil: (world) => rmSync(pool(world)) },
  "it is another of its length": { code: "digest_mismatch", spoil: (world) => writeFileSync(pool(world), Buffer.from(HELLO).reverse()) },
  "it is the version before": { code: "size_mismatch", spoil: (world) => writeFileSync(pool(world), OLD_HELLO) },
  "the index in the mirror was changed to fit it": {
    code: "size_mismatch",
    spoil: async (world) => {
      const digest = createHash("sha256").update(HELLO.toString().toUpperCase()).digest("hex");
      await otherIndex((text) => text.replaceAll(/SHA256: .*/g, `SHA256: ${digest}`))(world);
      edit(pool(world), (text) => text.toUpperCase());
    },
  },
};
