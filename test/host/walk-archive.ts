/** Walks the chain of one archive in a process of its own, so that its memory can be measured: HOME MIRROR KEYRING FINGERPRINT. */
import { makeDebianArchive } from "../../src/catalog/debian/debian-archive.ts";
import { SUITE, systemOf } from "../../src/catalog/debian/test-archive-world.ts";

const [home = "", mirror = "", keyring = "", fingerprint = ""] = process.argv.slice(2);
const keys = { keyrings: [keyring], fingerprints: [fingerprint] };
const { signal } = new AbortController();
const archive = makeDebianArchive({ system: systemOf(home), securityMirror: mirror, keys, retryDelaysMs: [1, 1] });
try {
  await archive.fetchPackage(await archive.findPackage(SUITE, "hello", { signal }), { signal });
  console.log(JSON.stringify({ code: "accepted" }));
} catch (error) {
  const { code, message, hint } = error as { code?: string; message?: string; hint?: string };
  console.log(JSON.stringify({ code: code ?? String(error), message, hint }));
}
