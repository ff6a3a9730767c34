/**
 * Places in a registry: `oci://HOST[:PORT]/REPOSITORY`, and behind it `:TAG` or `@sha256:DIGEST`. Strict, by the grammar of the OCI
 * distribution specification: nothing of it can be taken for another part of an address that is made of it.
 */
import { BangerError } from "../../contract/errors.ts";
import { isLoopback } from "../../contract/is-loopback.ts";

export interface OciReference {
  /** With its port: `127.0.0.1:5000`. */
  readonly host: string;
  readonly repository: string;
  readonly tag: string | undefined;
  /** `sha256:` and 64 hex digits. */
  readonly digest: string | undefined;
}

const HOST = String.raw`(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:]{2,39}\])(?::[1-9]\d{0,4})?`;
const PART = "[a-z0-9]+(?:(?:[.]|_{1,2}|-+)[a-z0-9]+)*";
const TAG = /^\w[\w.-]{0,127}$/;
const REFERENCE = new RegExp(String.raw`^oci://(${HOST})/(${PART}(?:/${PART})*)(?::([^:@/]+)|@(sha256:[0-9a-f]{64}))?$`);
const REPOSITORY_MAX_CHARACTERS = 255;

/** Throws `invalid` `bad_registry_address`. */
export function parseOciReference(text: string): OciReference {
  const [, host = "", repository = "", tag, digest] = text.length > 1024 ? [] : (REFERENCE.exec(text) ?? []);
  const isTag = tag === undefined || TAG.test(tag);
  // What a parser of addresses would write in another way, as 127.1 or a port of six digits, is not what it seems.
  const isHost = host !== "" && URL.canParse(`https://${host}/`) && new URL(`https://${host}/`).hostname === hostName(host);
  if (!isHost || !isTag || repository.length > REPOSITORY_MAX_CHARACTERS)
    throw new BangerError(
      "invalid",
      "bad_registry_address",
      `cannot use the address ${JSON.stringify(text)}: it is no place in a registry`,
      {
        hint: "oci://HOST/REPOSITORY, all in lower case",
      },
    );
  return { host, repository, tag, digest };
}

/** The one text of it. */
export function formatOciReference({ host, repository, tag, digest }: OciReference): string {
  return `oci://${host}/${repository}${digest !== undefined ? `@${digest}` : tag !== undefined ? `:${tag}` : ""}`;
}

/** Whether a host, with or without port, is this computer. */
export function isOwnHost(host: string): boolean {
  const name = hostName(host);
  if (name === "localhost") return true;
  return /^[\d.]+$|^\[/.test(name) && isLoopback(name.replace(/^\[|\]$/g, ""));
}

function hostName(host: string): string {
  return host.replace(/:\d+$/, "");
}
