/** A world to build kernels in within seconds: keys made by gpg, a server for keys and releases, and a little source and compiler. */
import { afterAll } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { makeDebianArchive } from "../../src/catalog/debian/debian-archive.ts";
import { makeBundles } from "../../src/catalog/bundle/make-bundles.ts";
import { madeOffers } from "../../src/catalog/offers/made-offers.ts";
import { openFetcher } from "../../src/catalog/fetch/open-fetcher.ts";
import type { KernelBuilding } from "../../src/kernels/from-source/build-kernel.ts";
import { makeKernels } from "../../src/kernels/make-kernels.ts";
import type { Kernels } from "../../src/kernels/kernels.ts";
import type { Leases, Lease } from "../../src/operations/operations.ts";
import { makeSystem } from "../../src/system/make-system.ts";
import type { System } from "../../src/system/system.ts";
import { packSource, VERSION, writeLittleCompiler } from "../support/little-compiler.ts";
import { notePlaces } from "../support/noted-places.ts";
import { silentLog } from "./images-silent-log.ts";

export const OWN_CONFIG = "CONFIG_64BIT=y\nCONFIG_VIRTIO_MMIO_CMDLINE_DEVICES=y\n";

export interface Answers {
  /** By path, such as `/v6.x/linux-6.12.9.tar.xz`. */
  readonly files: Map<string, Buffer>;
  /** By fingerprint, as the first and the second key server have it. */
  readonly keys: [Map<string, Buffer>, Map<string, Buffer>];
  /** Bytes after which the connection is cut, once. */
  cutAt: number | undefined;
  readonly asked: string[];
}

export interface BuildWorld extends AsyncDisposable {
  readonly home: string;
  readonly system: System;
  readonly kernels: Kernels;
  readonly leases: Leases;
  readonly answers: Answers;
  readonly url: string;
  /** Where stand-ins for programs are. */
  readonly bin: string;
  readonly building: KernelBuilding;
  open(more?: Partial<KernelBuilding>, system?: System): Kernels;
  /** Puts a release on the server, signed. */
  release(files?: Readonly<Record<string, string | Uint8Array>>, signer?: Signer): Release;
}

export interface Release {
  readonly packed: Buffer;
  readonly signature: Buffer;
}

export interface Signer {
  readonly home: string;
  readonly fingerprint: string;
  exported(): Buffer;
  sign(content: Uint8Array, ...options: readonly string[]): Buffer;
  gpg(argv: readonly string[], input?: Uint8Array): Buffer;
}

/** A key made for a test. @param folder of whose own; short, for gpg's sockets. */
export function makeSigner(folder: string, name: string, ...options: readonly string[]): Signer {
  const home = join(folder, `g-${name}`);
  mkdirSync(home, { mode: 0o700 });
  const gpg = (argv: readonly string[], input?: Uint8Array): Buffer => {
    const words = ["gpg", "--homedir", home, "--batch", "--no-tty", "--pinentry-mode", "loopback", "--passphrase", "", ...argv];
    const { exitCode, stdout, stderr } = Bun.spawnSync(words, input === undefined ? {} : { stdin: input });
    if (exitCode !== 0) throw new Error(`gpg ${argv.join(" ")}: ${String(stderr)}`);
    return stdout;
  };
  gpg([...options, "--quick-generate-key", `${name} <${name}@example.org>`, "ed25519", "sign", options.length === 0 ? "never" : "1d"]);
  const listed = String(gpg(["--with-colons", "--list-keys"]));
  const fingerprint = /^fpr:{9}([0-9A-F]{40}):/m.exec(listed)?.[1] ?? "";
  return {
    home,
    fingerprint,
    gpg,
    exported: () => gpg(["--armor", "--export", fingerprint]),
    sign: (content, ...more) => gpg([...more, "--armor", "--detach-sign"], content),
  };
}

/** The key of a release signer for the tests of a file; it goes with the last of them. */
export function openSigner(): Signer {
  const folder = mkdtempSync("/tmp/bkk-");
  const signer = makeSigner(folder, "release");
  afterAll(() => {
    endSigner(signer);
    rmSync(folder, { recursive: true, force: true });
  });
  return signer;
}

export function endSigner({ home }: Signer): void {
  Bun.spawnSync(["gpgconf", "--homedir", home, "--kill", "all"]);
}

export async function openBuildWorld(signer: Signer): Promise<BuildWorld> {
  const home = mkdtempSync("/tmp/bkb-");
  const bin = join(home, "bin");
  writeLittleCompiler(bin);
  notePlaces(bin);
  writeFileSync(join(home, "agent"), "stands for the agent");
  writeFileSync(join(home, "own.config"), OWN_CONFIG);
  const answers: Answers = { files: new Map(), keys: [new Map<string, Buffer>(), new Map<string, Buffer>()], cutAt: undefined, asked: [] };
  answers.keys[0].set(signer.fingerprint, signer.exported());
  const server = createServer((request, response) => answer(answers, request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const system = makeSystem({ PATH: `${bin}:${process.env["PATH"] ?? ""}`, HOME: process.env["HOME"], BANGER_HOME: home }, silentLog);
  const held: Lease[] = [];
  const leases: Leases = {
    write: (lease) => void held.push(lease),
    drop: (kind, key) => {
      const at = held.findIndex((lease) => lease.kind === kind && lease.key === key);
      if (at >= 0) held.splice(at, 1);
    },
    dropAllOf: () => undefined,
    list: () => [...held],
  };
  const building: KernelBuilding = {
    fetcher: openFetcher(system, { proxies: {}, advice: "", retryDelaysMs: [], stallMs: 5000 }),
    mirror: url,
    keyservers: [`${url}/first`, `${url}/second`],
    fingerprints: [signer.fingerprint],
    ownConfig: { path: join(home, "own.config"), version: VERSION },
    jobs: 2,
    leastBytes: 2 ** 20,
  };
  const open = (more: Partial<KernelBuilding> = {}, by = system): Kernels =>
    makeKernels({
      system: by,
      archive: makeDebianArchive({ system: by }),
      offers: madeOffers(),
      bundles: makeBundles(by, openFetcher(by, { proxies: {}, advice: "" }), leases),
      leases,
      agentPath: join(home, "agent"),
      building: { ...building, ...more },
    });
  return {
    home,
    system,
    kernels: open(),
    leases,
    answers,
    url,
    bin,
    building,
    open,
    release: (files = {}, by = signer) => {
      const packed = packSource(home, files);
      const release = { packed, signature: by.sign(Bun.spawnSync(["xz", "-dc"], { stdin: packed }).stdout) };
      answers.files.set(`/v6.x/linux-${VERSION}.tar.xz`, release.packed);
      answers.files.set(`/v6.x/linux-${VERSION}.tar.sign`, release.signature);
      return release;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

function answer(answers: Answers, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? "/", "http://x");
  answers.asked.push(`${url.pathname}${url.search}${request.headers.range === undefined ? "" : ` ${request.headers.range}`}`);
  const key = /^\/(first|second)\/pks\/lookup$/.exec(url.pathname);
  const keys = answers.keys[key?.[1] === "second" ? 1 : 0];
  const content = key === null ? answers.files.get(url.pathname) : keys.get((url.searchParams.get("search") ?? "").slice(2));
  if (content === undefined) {
    response.writeHead(404).end();
    return;
  }
  const start = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
  if (start >= content.length) {
    response.writeHead(416, { "content-range": `bytes */${content.length}` }).end();
    return;
  }
  const range = start === 0 ? {} : { "content-range": `bytes ${start}-${content.length - 1}/${content.length}` };
  response.writeHead(start === 0 ? 200 : 206, { "content-length": content.length - start, ...range });
  const { cutAt } = answers;
  if (cutAt !== undefined && url.pathname.endsWith(".xz")) {
    response.write(content.subarray(start, cutAt), () => setTimeout(() => response.destroy(), 50));
    return;
  }
  response.end(content.subarray(start));
}
