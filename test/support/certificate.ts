/** A certificate authority made for a test, and a certificate by it for 127.0.0.1: `ca.pem`, `tls.pem` and `tls.key` in a folder. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

export function makeCertificate(folder: string): void {
  const openssl = (...words: readonly string[]): void => {
    const ran = Bun.spawnSync(["openssl", ...words], { cwd: folder });
    if (ran.exitCode !== 0) throw new Error(String(ran.stderr));
  };
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  openssl("req", "-x509", ...key, "-days", "2", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=CA of a test");
  openssl("req", ...key, "-keyout", "tls.key", "-out", "tls.csr", "-subj", "/CN=registry");
  writeFileSync(join(folder, "names"), "subjectAltName=IP:127.0.0.1\n");
  const by = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"];
  openssl("x509", "-req", "-in", "tls.csr", ...by, "-days", "2", "-out", "tls.pem", "-extfile", "names");
}
