/** An image in a registry: its mirrors first, then itself. */
import { createHash } from "node:crypto";
import { BangerError } from "../../contract/errors.ts";
import type { System } from "../../system/system.ts";
import type { ProxyEnvironment } from "../catalog.ts";
import { longerThanAllowed } from "../fetch/download-faults.ts";
import { answerOf, faultOf } from "../fetch/http-transport.ts";
import type { Answer } from "../fetch/transport.ts";
import { openWatchdog } from "../fetch/watchdog.ts";
import { withRetries } from "../fetch/with-retries.ts";
import { unusable } from "./bounded-json.ts";
import { DOCUMENT_MAX_BYTES } from "./image-document.ts";
import { formatImageReference, type RegistryReference } from "./image-reference.ts";
import type { ImageSource, RootDocument } from "./image-source.ts";
import type { Logins } from "./logins.ts";
import { INDEX_TYPES, MANIFEST_TYPES } from "./media-types.ts";
import { openPlace, type RegistryPlace } from "./registry-place.ts";
import type { RegistrySettings } from "./registry-settings.ts";

export interface RegistryParts {
  readonly system: Pick<System, "clock" | "log">;
  readonly proxies: ProxyEnvironment;
  readonly settings: RegistrySettings;
  readonly logins: Logins;
  readonly retryDelaysMs: readonly number[];
  readonly stallMs: number;
}

/** Throws when an answer is not what it should be; nothing of it is read then. */
type Check = (headers: Headers) => void;

interface Wanted {
  readonly accept?: string;
  readonly check?: Check;
}

const ACCEPT = [...MANIFEST_TYPES, ...INDEX_TYPES].join(", ");
const ADVICE = "look at the name of the registry";

export function openRegistrySource(parts: RegistryParts, reference: RegistryReference): ImageSource {
  const { host, repository, tag, digest } = reference;
  const { system, settings, logins, proxies, stallMs } = parts;
  const open = (name: string, isTyped: boolean): RegistryPlace =>
    openPlace({
      host: name,
      repository,
      isPlain: settingsOf(settings, name)?.plain_http === true,
      proxies,
      advice: ADVICE,
      findLogin: (signal) => logins.find(name, repository, isTyped, signal),
    });
  const places = [...(settingsOf(settings, host)?.mirrors ?? []).map((name) => open(name, false)), open(host, true)];

  const useless = new Set<RegistryPlace>();

  const getAt = async (
    place: RegistryPlace,
    path: string,
    offset: number,
    signal: AbortSignal,
    { accept, check }: Wanted,
  ): Promise<Answer> => {
    const watchdog = openWatchdog(system.clock, stallMs, signal);
    let response: Response | undefined;
    try {
      response = await place.get({ path, offset, accept, signal: watchdog.signal, outer: signal });
      if (response.ok) check?.(response.headers);
      return answerOf(response, offset, watchdog, signal, ADVICE);
    } catch (error) {
      void response?.body?.cancel();
      watchdog.close();
      throw faultOf(error, `https://${place.host}/v2/${repository}/${path}`, signal, ADVICE);
    }
  };
  const get = async (path: string, offset: number, signal: AbortSignal, wanted: Wanted = {}): Promise<Answer> => {
    for (const place of places.slice(0, -1)) {
      if (useless.has(place)) continue;
      try {
        return await getAt(place, path, offset, signal, wanted);
      } catch (error) {
        if (signal.aborted || !(error instanceof BangerError)) throw error;
        // Each layer would wait for it anew.
        useless.add(place);
        system.log.warn("a mirror of a registry is of no use", { mirror: place.host, registry: host, why: error.message });
      }
    }
    const [last] = places.slice(-1);
    if (last === undefined) throw new Error("a registry without a place");
    return getAt(last, path, offset, signal, wanted);
  };

  const root = async (signal: AbortSignal): Promise<RootDocument> => {
    let told: string | null = null;
    let type: string | undefined;
    const check: Check = (headers) => {
      told = headers.get("docker-content-digest");
      type = typeOf(headers, reference);
      if (Number(headers.get("content-length")) > DOCUMENT_MAX_BYTES)
        throw longerThanAllowed(addressOf(reference, digest), DOCUMENT_MAX_BYTES);
    };
    const bytes = await readAll(
      await get(`manifests/${digest ?? tag ?? "latest"}`, 0, signal, { accept: ACCEPT, check }),
      addressOf(reference, digest),
    );
    const actual = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
    for (const wanted of [digest, told]) {
      if (typeof wanted === "string" && wanted.startsWith("sha256:") && wanted !== actual) throw otherDigest(reference, wanted, actual);
    }
    return { bytes, type };
  };
  return {
    root: (signal) =>
      withRetries(system.clock, parts.retryDelaysMs, signal, () => root(signal)).catch((error: unknown) => {
        throw notThere(reference, error);
      }),
    documents: (type) => ({
      advice: ADVICE,
      open: (address, offset, signal) => {
        const check: Check = (headers) => {
          const told = typeOf(headers, reference);
          if (told === undefined || told === type) return;
          throw unusable(
            formatImageReference(reference),
            `its registry sends as ${JSON.stringify(told)} what was announced as ${JSON.stringify(type)}`,
          );
        };
        return get(`manifests/${digestIn(address)}`, offset, signal, { accept: type, check });
      },
    }),
    blobs: { advice: ADVICE, open: (address, offset, signal) => get(`blobs/${digestIn(address)}`, offset, signal) },
    addressOf: (of) => addressOf(reference, of),
  };
}

function settingsOf(settings: RegistrySettings, host: string): RegistrySettings[string] | undefined {
  return Object.hasOwn(settings, host) ? settings[host] : undefined;
}

function addressOf({ host, repository }: RegistryReference, digest: string | undefined): string {
  return `oci://${host}/${repository}${digest === undefined ? "" : `@${digest}`}`;
}

function digestIn(address: string): string {
  return address.slice(address.lastIndexOf("@") + 1);
}

async function readAll(answer: Answer, url: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let total = 0;
  for await (const part of answer.body) {
    total += part.length;
    if (total > DOCUMENT_MAX_BYTES) throw longerThanAllowed(url, DOCUMENT_MAX_BYTES);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** What a registry says that it sends; undefined when it says no more than that it is JSON, or nothing. */
function typeOf(headers: Headers, reference: RegistryReference): string | undefined {
  const type = headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type === undefined || type === "" || type === "application/json" || type === "application/octet-stream") return undefined;
  if (/^application\/vnd\.(?:oci|docker)\./.test(type)) return type;
  throw unusable(formatImageReference(reference), `its registry sends it as ${JSON.stringify(type.slice(0, 128))}, which no manifest is`);
}

function otherDigest(reference: RegistryReference, wanted: string, actual: string): BangerError {
  return new BangerError(
    "refused",
    "digest_mismatch",
    `cannot use ${formatImageReference(reference)}: what came is ${actual}, and ${wanted} was announced`,
    { hint: "try again later, or ask whoever keeps that registry" },
  );
}

function notThere(reference: RegistryReference, error: unknown): unknown {
  if (!(error instanceof BangerError) || error.code !== "mirror_lacks_file" || error.data?.["status"] !== 404) return error;
  return new BangerError(
    "not_found",
    "image_not_in_registry",
    `cannot pull ${formatImageReference(reference)}: its registry has none of that name and tag`,
    {
      hint: "look at the name and the tag",
      cause: error,
    },
  );
}
