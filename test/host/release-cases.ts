/**
 * Ways to tamper with an InRelease or with the keys behind it: the code that each is refused with, and what gpgv and sqv say of the same
 * file and the same keyring. Where not both refuse, `because` says why we do all the same.
 */
import { releaseHead, type ArchivePlan, type Signer } from "../../src/catalog/debian/made-archive.ts";
import { SUITE, type ArchiveSigners } from "../../src/catalog/debian/test-archive-world.ts";
import type { GpgvSays, SqvSays } from "./ask-verifiers.ts";
import { ODD_KEYS, type OddKey } from "./odd-keys.ts";
import { armor, dearmor } from "./openpgp-packets.ts";

export interface ReleaseCase {
  readonly code: string;
  readonly gpgv: GpgvSays;
  readonly sqv: SqvSays;
  readonly because?: string;
  readonly plan?: (signers: ArchiveSigners) => Partial<ArchivePlan>;
  /** Signs instead of the archive's own key, and is pinned. */
  readonly key?: OddKey;
  /** Changes the file, read as latin1. */
  readonly spoil?: (text: string, tools: SpoilTools) => string | Promise<string>;
  /** The suite that is asked for, if it is another than the security suite. */
  readonly suite?: string;
}

export interface SpoilTools {
  readonly signers: ArchiveSigners;
  /** The text clear-signed, or in another way by gpg's word for that. */
  readonly sign: (text: string, by: Signer, how?: string) => Promise<string>;
}

const DAY_MS = 86_400_000;
const SIGNATURE = "-----BEGIN PGP SIGNATURE-----";
const ONE_TEXT = "gpgv takes what is signed out of it and leaves the rest; apt, and so sqv, takes a file with more than that for none";
const PIN = "the key is in the keyring, which is all that either asks; ours has to be pinned as well";
const CONTENT = "either asks who signed, and not what: the signature is right";
const STATUS = "gpgv says it in a status line, and ends with 0; sqv refuses";

const textOf = (signed: string): string => signed.slice(signed.indexOf("\n\n") + 2, signed.indexOf(SIGNATURE));
const signatureOf = (signed: string): string => signed.slice(signed.indexOf(SIGNATURE));

/** Refused by both. */
const both = { gpgv: "refuses", sqv: "refuses" } as const;
/** Not one signed text for either. */
const neither = { code: "signature_missing", gpgv: "refuses", sqv: "is not asked" } as const;
/** One for gpgv alone. */
const toGpgv = { code: "signature_missing", gpgv: "accepts", sqv: "is not asked", because: ONE_TEXT } as const;

export const SHAPES: Readonly<Record<string, ReleaseCase>> = {
  "it is not signed": { ...neither, plan: () => ({ signers: [] }) },
  "it is empty": { ...neither, spoil: () => "" },
  "it is a web page": { ...neither, spoil: () => "<html>log in first</html>" },
  "its signature was cut off": { ...neither, spoil: (text) => text.slice(0, text.indexOf(SIGNATURE)) },
  "it is cut off within the signature": { ...neither, spoil: (text) => text.slice(0, text.indexOf("-----END PGP SIG") - 30) },
  "there is text before it": { ...toGpgv, spoil: (text) => `Origin: Elsewhere\n${text}` },
  "there is an empty line before it": { ...toGpgv, spoil: (text) => `\n${text}` },
  "there is text after it": { ...toGpgv, spoil: (text) => `${text}\nOrigin: Elsewhere\n` },
  "it comes twice": { ...neither, spoil: (text) => text + text },
  "another's signed text follows": {
    ...neither,
    spoil: async (text, { sign, signers }) => text + (await sign("Codename: x\n", signers.stranger)),
  },
  "another's signed text comes first": {
    ...neither,
    spoil: async (text, { sign, signers }) => (await sign("Codename: x\n", signers.stranger)) + text,
  },
  "a text begins within the text": {
    ...neither,
    spoil: (text) => text.replace("Suite:", "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nSuite:"),
  },
  "another signature follows": { ...toGpgv, spoil: (text) => text + signatureOf(text) },
  "a line was smuggled in before the text": {
    code: "signature_missing",
    gpgv: "refuses",
    sqv: "accepts",
    because: "it is not shown to sqv: apt passes over what stands before the text",
    spoil: (text) => text.replace("\n\n", "\nComment: Codename: x\n\n"),
  },
  "the line before the text has blanks": {
    code: "signature_missing",
    gpgv: "accepts",
    sqv: "accepts",
    because: "it is no part of what is signed, and says nothing; ours knows the one form that archives write",
    spoil: (text) => text.replace("\n\n", "\n \t\n"),
  },
  "a line with a dash was added": { ...neither, spoil: (text) => text.replace("Suite:", "-Suite: x\nSuite:") },
  "another has signed it once more": {
    code: "signature_not_pinned",
    gpgv: "accepts",
    sqv: "accepts",
    because: PIN,
    spoil: (text, { sign, signers }) => sign(text, signers.stranger),
  },
  "it is signed in gpg's own form": { ...toGpgv, spoil: (text, { sign, signers }) => sign(textOf(text), signers.debian, "--sign") },
  "it is signed in gpg's own form, as text": {
    ...toGpgv,
    spoil: (text, { sign, signers }) => sign(textOf(text), signers.debian, "--armor --sign"),
  },
  "it is the signature alone": { ...neither, spoil: (text) => signatureOf(text) },
  "it is three million letters on one line": { ...neither, spoil: (text) => text.replace(/SHA256[^]*/, "A".repeat(3e6)) },
  "it is six hundred thousand lines before the text": { ...neither, spoil: (text) => text.replace(/Hash[^]*/, "Hash:\n".repeat(6e5)) },
  "a line ends with a NUL byte": {
    code: "signature_missing",
    gpgv: "accepts",
    sqv: "refuses",
    because: "gpgv takes a NUL at the end of a line for a blank, which is not signed",
    spoil: (text) => text.replace("Test\n", "Test\0\n"),
  },
  "its armor has a letter that is none": { ...both, code: "signature_missing", spoil: (text) => text.replace(/(.)(\n=)/, "*$1$2") },
  "its armor has another sum": {
    code: "signature_missing",
    gpgv: "refuses",
    sqv: "accepts",
    because: "the sum is against faults of the line alone, and sqv does not look at it",
    spoil: (text) => text.replace(/\n=.{4}\n/, "\n=AAAA\n"),
  },
  "its signature is of no bytes": {
    ...both,
    code: "signature_missing",
    spoil: (text) => `${text.slice(0, text.indexOf(SIGNATURE))}${armor(new Uint8Array())}`,
  },
};

/** Two signatures in one armor. */
const merged = (signed: string, other: string): string =>
  signed.slice(0, signed.indexOf(SIGNATURE)) + armor(Buffer.concat([dearmor(signatureOf(signed)), dearmor(signatureOf(other))]));

export const SIGNATURES: Readonly<Record<string, ReleaseCase>> = {
  "a byte of it was changed": { ...both, code: "signature_bad", spoil: (text) => text.replace("Origin: T", "Origin: U") },
  "a line was added": { ...both, code: "signature_bad", spoil: (text) => text.replace("Origin", "Extra: 1\nOrigin") },
  "a line was taken away": { ...both, code: "signature_bad", spoil: (text) => text.replace(/Valid-Until.*\n/, "") },
  "two lines changed places": { ...both, code: "signature_bad", spoil: (text) => text.replace(/(Origin.*\n)(Suite.*\n)/, "$2$1") },
  "it has today's text and an earlier one's signature": {
    ...both,
    code: "signature_bad",
    spoil: async (text, { sign, signers }) =>
      text.slice(0, text.indexOf(SIGNATURE)) + signatureOf(await sign(textOf(text).replace("Test", "Earlier"), signers.debian)),
  },
  "a stranger signed it and our own signature is of another text": {
    code: "signature_bad",
    gpgv: "refuses",
    sqv: "accepts",
    because: "sqv counts good signatures by keys of the keyring, and one is enough for it; gpgv minds each bad one",
    plan: ({ stranger }) => ({ signers: [stranger] }),
    spoil: async (text, { sign, signers }) => merged(text, await sign("another text\n", signers.debian)),
  },
  "a stranger of the keyring signed it": {
    code: "signature_not_pinned",
    gpgv: "accepts",
    sqv: "accepts",
    because: PIN,
    plan: ({ stranger }) => ({ signers: [stranger] }),
  },
  "an unknown key signed it": { ...both, code: "signature_not_pinned", plan: ({ next }) => ({ signers: [next] }) },
  "a stranger and an unknown key signed it": {
    code: "signature_not_pinned",
    gpgv: "refuses",
    sqv: "accepts",
    because: "gpgv ends with a failure for the unknown key; sqv is content with the stranger's",
    plan: ({ stranger, next }) => ({ signers: [stranger, next] }),
  },
  "it was signed with MD5": {
    ...both,
    code: "signature_not_pinned",
    plan: () => ({ gpg: ["--digest-algo", "MD5", "--allow-weak-digest-algos"] }),
  },
  "it was signed with SHA-1": {
    code: "signature_not_pinned",
    gpgv: "accepts",
    sqv: "refuses",
    because: "gpgv still takes SHA-1 unless it is told not to",
    plan: () => ({ gpg: ["--digest-algo", "SHA1"] }),
  },
  "it was signed with RIPEMD-160": {
    code: "signature_not_pinned",
    gpgv: "accepts",
    sqv: "refuses",
    because: "gpgv still takes RIPEMD-160 unless it is told not to",
    plan: () => ({ gpg: ["--digest-algo", "RIPEMD160"] }),
  },
  "its signature is at its end": {
    code: "signature_expired",
    ...both,
    plan: () => ({ gpg: ["--faked-system-time", "20200102T000000", "--default-sig-expire", "2d"] }),
    key: {},
  },
  "its signature comes from the future": {
    code: "signature_from_future",
    gpgv: "accepts",
    sqv: "refuses",
    because: "gpgv does not mind a signature that was made later than now",
    plan: () => ({ gpg: ["--faked-system-time", "20300102T000000"] }),
  },
  "its key is revoked": { code: "signature_expired", gpgv: "warns", sqv: "refuses", because: STATUS, key: ODD_KEYS["revoked"] },
  "its key's subkey is revoked": {
    code: "signature_expired",
    gpgv: "warns",
    sqv: "refuses",
    because: STATUS,
    key: ODD_KEYS["with a revoked subkey"],
  },
  "its key was at its end": {
    code: "signature_expired",
    gpgv: "warns",
    sqv: "refuses",
    because: STATUS,
    key: ODD_KEYS["at its end when it signed"],
  },
  "its key's subkey was at its end": {
    code: "signature_expired",
    gpgv: "warns",
    sqv: "refuses",
    because: STATUS,
    key: ODD_KEYS["with a subkey at its end when it signed"],
  },
  "its key has come to its end since": {
    code: "signature_expired",
    gpgv: "warns",
    sqv: "accepts",
    because: "to sqv a key is as good as it was when it signed",
    key: ODD_KEYS["at its end since"],
  },
  "its key's subkey has come to its end since": {
    code: "signature_expired",
    gpgv: "warns",
    sqv: "accepts",
    because: "to sqv a key is as good as it was when it signed",
    key: ODD_KEYS["with a subkey at its end since"],
  },
  "its key's subkey is not for signing": { ...both, code: "signature_not_pinned", key: ODD_KEYS["with a subkey that is not for signing"] },
  "its key's subkey does not know the key": { ...both, code: "signature_not_pinned", key: ODD_KEYS["with a subkey that does not know it"] },
};

/** Signed rightly, and not to be taken. */
const right = { gpgv: "accepts", sqv: "accepts", because: CONTENT } as const;
const changed = (change: (text: string) => string): Pick<ReleaseCase, "plan"> => ({ plan: () => ({ editRelease: change }) });

export const CONTENTS: Readonly<Record<string, ReleaseCase>> = {
  "its time has passed": { ...right, code: "release_expired", plan: () => ({ head: releaseHead(SUITE, Date.now() - 30 * DAY_MS) }) },
  "it comes from the future": {
    ...right,
    code: "release_from_future",
    plan: () => ({ head: releaseHead(SUITE, Date.now() + 9 * DAY_MS) }),
  },
  "it is of another release": {
    ...right,
    code: "release_of_other_suite",
    plan: () => ({ head: releaseHead("bullseye-security", Date.now()) }),
  },
  "the main suite is served for the security suite": {
    ...right,
    code: "release_of_other_suite",
    plan: () => ({ head: releaseHead("bookworm", Date.now()) }),
  },
  "the security suite is served for the main suite": {
    ...right,
    code: "release_of_other_suite",
    suite: "bookworm",
    plan: () => ({ head: releaseHead(SUITE, Date.now()) }),
  },
  "its name is written in capitals": {
    ...right,
    code: "release_of_other_suite",
    ...changed((text) => text.replace(SUITE, SUITE.toUpperCase())),
  },
  "its name is on a folded line": { ...right, code: "release_of_other_suite", ...changed((text) => text.replace(SUITE, `\n ${SUITE}`)) },
  "it has no date": { ...right, code: "archive_not_understood", ...changed((text) => text.replace(/^Date.*\n/m, "")) },
  "a date is not one": {
    ...right,
    code: "archive_not_understood",
    ...changed((text) => text.replace(/^Valid-Until.*$/m, "Valid-Until: never")),
  },
  "a field comes twice": { ...right, code: "archive_not_understood", ...changed((text) => `Codename: ${SUITE}\n${text}`) },
  "a field comes twice, once in capitals": { ...right, code: "archive_not_understood", ...changed((text) => `CODENAME: x\n${text}`) },
  "there are two of it": { ...right, code: "archive_not_understood", ...changed((text) => `Codename: x\n\n${text}`) },
  "it has a NUL byte in a name": { ...right, code: "signature_missing", ...changed((text) => text.replace("Codename", "Code\0name")) },
  "its lines end as those of DOS": {
    ...right,
    code: "archive_not_understood",
    spoil: (text, { sign, signers }) => sign(textOf(text).replaceAll("\n", "\r\r\n"), signers.debian),
  },
  "an index has two digests": {
    ...right,
    code: "archive_not_understood",
    ...changed((text) => `${text} ${"0".repeat(64)} 5 main/binary-amd64/Packages.xz\n`),
  },
  "a digest is of another length": { ...right, code: "archive_not_understood", ...changed((text) => text.replace(/^ [0-9a-f]/m, " ")) },
};
