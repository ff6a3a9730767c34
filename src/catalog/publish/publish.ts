/**
 * Publishing: a bundle goes to a store under a name that its content gives it, is fetched again as a user would, and only then stands in the
 * catalog. Killed anywhere it has done no harm, and the same again goes on: the upload is the same file under the same name, and a catalog
 * that says so already is not changed.
 *
 * It runs in the user's own process: secret keys and credentials never pass through the daemon.
 */
import { dirname } from "node:path";
import { bundleFileName } from "../../contract/bundle-file-name.ts";
import { BangerError } from "../../contract/errors.ts";
import type { Published, PublishRequest, PublishWords } from "../../contract/local-work.ts";
import { problemsOf, wordProblem } from "../../contract/problems-of.ts";
import { wordIssue } from "../../contract/word-issue.ts";
import type { OperationContext } from "../../operations/operations.ts";
import type { System } from "../../system/system.ts";
import type { ProxyEnvironment } from "../catalog.ts";
import { entrySchema, type DocumentEntry } from "../document/catalog-document.ts";
import { openTransport } from "../fetch/open-fetcher.ts";
import { onFile } from "../signing/document-files.ts";
import { readSigningKey } from "../signing/read-signing-key.ts";
import { LONGEST_MS, MINUTE_MS } from "../signing/sign-document.ts";
import { checkPublic } from "./check-public.ts";
import { readCredentials, type Values } from "./credentials.ts";
import { openPlace } from "./open-place.ts";
import { openStore } from "./open-store.ts";
import { hasEntry, patchCatalog, readOwnCatalog, type Patch } from "./patch-catalog.ts";
import type { CatalogPlace } from "./catalog-place.ts";
import { makeSender } from "./sender.ts";
import type { Bundle, Store } from "./store.ts";
import { updateCatalog } from "./update-catalog.ts";

export interface PublishParts {
  readonly system: System;
  /** The environment of the user: credentials, and proxies. */
  readonly variables: Values & ProxyEnvironment;
  /** Pauses between tries after a fault of the way. */
  readonly retryDelaysMs?: readonly number[];
  readonly stallMs?: number;
}

export type PublishContext = Pick<OperationContext, "stage" | "signal" | "notice">;

export const RETRY_DELAYS_MS = [500, 2000, 5000];
export const STALL_MS = 60_000;

/** What can be known before there is a bundle, which takes its time. Throws as `publishBundle`; of the key, only that there is none. */
export async function checkPublish(parts: PublishParts, words: PublishWords): Promise<void> {
  await openBoth(parts, words, () => undefined);
  const { secretKeyPath: path } = words;
  // Not read: what comes through a pipe comes once.
  if ((await onFile("read", path, () => parts.system.files.find(path))) !== undefined) return;
  throw new BangerError("not_found", "file_not_found", `cannot read ${path}: there is no such file`, {
    hint: "banger catalog keygen FILE makes a key",
  });
}

async function openBoth(
  { system, variables, retryDelaysMs = RETRY_DELAYS_MS, stallMs = STALL_MS }: PublishParts,
  request: PublishWords,
  onNotice: (message: string) => void,
): Promise<{ readonly store: Store; readonly place: CatalogPlace }> {
  checkValidFor(request.validForMs);
  const values = await readCredentials(system.files, variables, request.credentialsPath);
  const sender = makeSender({ clock: system.clock, proxies: variables, retryDelaysMs, stallMs });
  const store = await openStore(system, sender, request, values, retryDelaysMs);
  return { store, place: openPlace(system, sender, request.catalog, request.endpoint, values, onNotice) };
}

/** Stages: `upload`, `check`, `catalog`. Throws before the first of them for all that can be known by then; a catalog changes in the last alone. */
export async function publishBundle(parts: PublishParts, request: PublishRequest, context: PublishContext): Promise<Published> {
  const { system, variables, retryDelaysMs = RETRY_DELAYS_MS, stallMs = STALL_MS } = parts;
  const { signal } = context;
  const { store, place } = await openBoth(parts, request, (message) => context.notice(message));
  const bundle = await describeBundle(system, request.bundlePath, request.entry, signal);
  const entry = readEntry(request.entry, store, bundle);
  const key = await readSigningKey(system.files, request.secretKeyPath, request.askPassword);
  const patch: Patch = { entry, key, validForMs: request.validForMs, newName: request.catalogName };
  const isListed = await isListedIn(system, place, patch, signal);

  const isUploaded = isListed ? false : await upload(store, bundle, context);
  await context.stage("check", (stage) => {
    const transport = openTransport(system, { proxies: variables, advice: "look after --public-url", stallMs });
    const check = { clock: system.clock, transport, retryDelaysMs };
    return checkPublic(check, store.addressOf(bundle), bundle, signal, (done) => stage.progress(done, bundle.bytes, "bytes"));
  });
  const updated = await context.stage("catalog", async (stage) => {
    const { document, isChanged } = await updateCatalog(system, place, patch, signal);
    stage.note(isChanged ? `version ${document.version}` : "nothing new");
    return { document, isChanged };
  });
  const { name, version, expires, entries } = updated.document;
  return {
    bundle: bundle.name,
    url: store.addressOf(bundle),
    sha256: bundle.sha256,
    bytes: bundle.bytes,
    isUploaded,
    isChanged: updated.isChanged,
    catalog: {
      name,
      version,
      expires,
      entries: entries.length,
      place: place.shown,
      paths: place.paths,
      checkout: await findCheckout(system.files, place.paths[0]),
      keyId: key.public.id,
    },
  };
}

/** The folder above a path that git has made its own. */
async function findCheckout(files: System["files"], path: string | undefined): Promise<string | null> {
  for (let folder = dirname(path ?? "/"); folder !== "/"; folder = dirname(folder)) {
    if ((await files.find(`${folder}/.git`)) !== undefined) return folder;
  }
  return null;
}

async function upload(store: Store, bundle: Bundle, context: PublishContext): Promise<boolean> {
  return context.stage("upload", async (stage) => {
    const isNew = await store.upload(bundle, context.signal, (done) => stage.progress(done, bundle.bytes, "bytes"));
    if (!isNew) stage.note("it is there already");
    return isNew;
  });
}

/** Whether the catalog says it already; throws what would keep it from being changed, before anything is uploaded for nothing. */
async function isListedIn(system: System, place: CatalogPlace, patch: Patch, signal: AbortSignal): Promise<boolean> {
  // Alone, or it could be the document of before with the signature of after.
  const { bytes, signatures } = await place.exclusively(() => place.read(signal), signal);
  const document = bytes === undefined ? undefined : readOwnCatalog(place.shown, bytes, signatures, patch.key);
  if (document !== undefined && hasEntry(document, patch.entry)) return true;
  patchCatalog(place.shown, document, patch, system.clock.nowMs());
  return false;
}

async function describeBundle({ files }: System, path: string, entry: unknown, signal: AbortSignal): Promise<Bundle> {
  const info = await onFile("read", path, () => files.find(path));
  if (info?.kind !== "file" || info.bytes === 0)
    throw new BangerError("refused", "file_unusable", `cannot publish ${path}: it is no file with something in it`, {
      hint: `ls -lL ${path}`,
    });
  const sha256 = await onFile("read", path, () => files.sha256(path, signal));
  const { type, name, arch } = (entry ?? {}) as Readonly<Record<string, unknown>>;
  return {
    path,
    name: bundleFileName({ name: String(name), arch: String(arch), sha256 }),
    sha256,
    bytes: info.bytes,
    type: type === "image" ? "image" : "kernel",
  };
}

/** The entry with where its bundle is; nothing was made of its words before. */
function readEntry(given: unknown, store: Store, bundle: Bundle): DocumentEntry {
  const url = store.addressOf(bundle);
  const parsed = entrySchema.safeParse(
    { ...(given as Readonly<Record<string, unknown>>), bundle: { url, sha256: bundle.sha256, bytes: bundle.bytes } },
    { error: wordIssue },
  );
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.flatMap(problemsOf).map(wordProblem);
  throw new BangerError("invalid", "bad_entry", `cannot publish ${bundle.path}: ${problems.slice(0, 5).join("; ")}`, {
    hint: "docs/kernel-catalog.md shows an entry",
  });
}

function checkValidFor(validForMs: number | undefined): void {
  if (validForMs === undefined || (validForMs >= MINUTE_MS && validForMs <= LONGEST_MS)) return;
  throw new BangerError("invalid", "bad_document", "cannot publish: a catalog can be good for a minute to ten years", {
    hint: "--valid-for 90d",
  });
}
