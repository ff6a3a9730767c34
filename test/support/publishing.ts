/** A publisher for a test: a key, a catalog that it has signed, and bundles. */
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { acceptCatalog, firstTrust } from "../../src/catalog/trust/trust.ts";
import type { CatalogDocument } from "../../src/catalog/document/catalog-document.ts";
import { makeKernelElf } from "../../src/kernels/formats/made-elf.ts";
import { publishBundle, type PublishContext } from "../../src/catalog/publish/publish.ts";
import { splitSignatures } from "../../src/catalog/signing/signature-file.ts";
import { keyFiles, makeSigningKey, type SigningKey } from "../../src/catalog/signing/signing-key.ts";
import { signDocument } from "../../src/catalog/signing/sign-document.ts";
import type { Published, PublishRequest } from "../../src/contract/local-work.ts";
import { runUnrecorded } from "../../src/operations/run-unrecorded.ts";
import type { OperationEvent } from "../../src/contract/events.ts";
import { makeJsonLog } from "../../src/system/json-log.ts";
import { makeSystem } from "../../src/system/make-system.ts";
import type { System } from "../../src/system/system.ts";

export const entryOf = (name: string, version = "6.12.1") => ({
  type: "kernel",
  name,
  distro: "banger",
  arch: "amd64",
  version,
  description: `${name} of a test`,
});

export interface Publisher extends Disposable {
  readonly folder: string;
  readonly system: System;
  readonly key: SigningKey;
  readonly at: (name: string) => string;
  readonly events: OperationEvent[];
  readonly variables: Record<string, string>;
  /** A bundle with `bytes` bytes that nothing makes smaller. */
  readonly bundle: (name: string, bytes?: number) => string;
  /** Publishes as the command line does, with short pauses. */
  readonly publish: (name: string, more: Partial<PublishRequest> & Pick<PublishRequest, "to">, signal?: AbortSignal) => Promise<Published>;
  /** What a user would believe of a catalog. Throws when that is nothing. */
  readonly believe: (document: Uint8Array, signatures: Uint8Array) => CatalogDocument;
  /** The same of the catalog in the file. */
  readonly believed: () => CatalogDocument;
}

/** @param stallMs after which a connection counts as dead. */
export async function openPublisher(variables: Readonly<Record<string, string>> = {}, stallMs = 5000): Promise<Publisher> {
  const folder = mkdtempSync(join(tmpdir(), "banger-publish-"));
  const at = (name: string): string => join(folder, name);
  const system = makeSystem({ BANGER_HOME: at("home"), PATH: process.env["PATH"] }, makeJsonLog(2));
  const key = makeSigningKey();
  writeFileSync(at("acme.key"), keyFiles(key).secret, { mode: 0o600 });
  writeFileSync(at("acme.key.pub"), keyFiles(key).public);
  writeFileSync(at("catalog.json"), JSON.stringify({ schema: 1, name: "acme", entries: [] }));
  const askPassword = (): Promise<string> => Promise.reject(new Error("asked for a password"));
  await signDocument(system, { path: at("catalog.json"), secretKeyPath: at("acme.key"), validForMs: 30 * 86_400_000, askPassword });
  const events: OperationEvent[] = [];
  const own: Record<string, string> = { ...variables };
  const believe: Publisher["believe"] = (bytes, signatures) =>
    acceptCatalog(
      firstTrust("acme", [key.public.text]),
      { bytes, signatures: splitSignatures(Buffer.from(signatures).toString()) },
      Date.now(),
    ).document;
  return {
    folder,
    system,
    key,
    at,
    events,
    variables: own,
    bundle: (name, bytes = 100_000) => {
      const path = at(`${name}.bundle`);
      writeFileSync(path, makeBundle(name, bytes));
      return path;
    },
    publish: (name, more, signal = new AbortController().signal) => {
      const request: PublishRequest = {
        bundlePath: at(`${name}.bundle`),
        entry: entryOf(name),
        endpoint: undefined,
        publicUrl: undefined,
        catalog: at("catalog.json"),
        catalogName: undefined,
        secretKeyPath: at("acme.key"),
        validForMs: undefined,
        credentialsPath: undefined,
        askPassword,
        ...more,
      };
      const parts = { system, variables: own, retryDelaysMs: [20, 50], stallMs };
      return runUnrecorded(
        system.clock,
        (context: PublishContext) => publishBundle(parts, request, context),
        (event) => events.push(event),
        signal,
      );
    },
    believe,
    believed: () => believe(readFileSync(at("catalog.json")), readFileSync(at("catalog.json.minisig"))),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}

/** As the bundle verb makes one: `manifest.json`, then the rest. @param bytes of its kernel, which do not shrink. */
export function makeBundle(name: string, bytes: number, elf: Buffer = makeKernelElf(`Linux version ${entryOf(name).version}`)): Buffer {
  const kernel = Buffer.concat([elf, randomBytes(bytes)]);
  const vmlinux = { sha256: createHash("sha256").update(kernel).digest("hex"), bytes: kernel.length };
  const members = [member("manifest.json", manifestOf(name, vmlinux)), member("vmlinux", kernel)];
  return zstdCompressSync(Buffer.concat([...members, Buffer.alloc(1024)]));
}

function manifestOf(name: string, vmlinux: { readonly sha256: string; readonly bytes: number }): Buffer {
  const { description: _notInIt, ...manifest } = entryOf(name);
  return Buffer.from(JSON.stringify({ schema: 1, ...manifest, needsAcpi: false, acpiReason: "of a test", vmlinux, modules: null }));
}

function member(name: string, content: Buffer): Buffer {
  return Buffer.concat([headerOf(name, content.length), content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}

function headerOf(name: string, bytes: number): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write("0000644\0" + "0000000\0" + "0000000\0" + `${bytes.toString(8).padStart(11, "0")}\0` + "00000000000\0", 100);
  header.write("        0", 148);
  header.write("ustar\u000000", 257, "latin1");
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return header;
}

export function sha256Of(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}
