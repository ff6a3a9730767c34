/** A server whose certificate is by nobody who is believed. Asking again does not help; what does is said. */
import { BangerError } from "../../contract/errors.ts";

/** As OpenSSL calls them, but with an underscore for each space. */
const CODES: ReadonlySet<unknown> = new Set([
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "CERT_UNTRUSTED",
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "ERR_TLS_CERT_ALTNAME_INVALID",
]);
const AUTHORITY_HINT =
  "if it is by an authority of your own, add that to this computer's (update-ca-certificates), or name its file in SSL_CERT_FILE; then banger daemon stop";
const DATE_HINT = "date, then set the clock right; or ask whoever keeps that server";

/** Undefined of any other fault. */
export function certificateFault(error: unknown, host: string): BangerError | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (!CODES.has(code)) return undefined;
  const isDate = code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID";
  const why = error instanceof Error ? error.message : String(code);
  return new BangerError("refused", "certificate_untrusted", `cannot believe that ${host} is who it says: ${why}`, {
    hint: isDate ? DATE_HINT : AUTHORITY_HINT,
    cause: error,
  });
}
