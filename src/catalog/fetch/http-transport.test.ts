import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { makeSystem } from "../../system/make-system.ts";
import type { Log } from "../../system/system.ts";
import { makeFetcher, type Fetcher } from "./fetcher.ts";
import { makeHttpTransport } from "./http-transport.ts";
import { proxyFor } from "./proxies.ts";
import { decideRedirect } from "./redirect.ts";

const ignore = (): void => undefined;
const silent: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
const root = mkdtempSync("/tmp/bht-");
const signal = new AbortController().signal;
const content = Buffer.from("0123456789".repeat(2000));
const wanted = (path: string) => ({
  url: `${base}${path}`,
  bytes: content.length,
  sha256: createHash("sha256").update(content).digest("hex"),
});

let base = "";
let asked: { path: string; range: string | undefined }[] = [];
let answer: (request: IncomingMessage, response: ServerResponse, count: number) => void;
const server = createServer((request, response) => {
  asked.push({ path: request.url ?? "", range: request.headers.range });
  answer(request, response, asked.length);
});

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  asked = [];
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(root, { recursive: true });
});

function open(stallMs = 5000): { readonly fetcher: Fetcher; readonly part: string } {
  const system = makeSystem({ PATH: process.env["PATH"], BANGER_HOME: mkdtempSync(join(root, "h-")) }, silent);
  const fetcher = makeFetcher(system, makeHttpTransport(system.clock, {}, stallMs, "use another mirror"), [1, 1]);
  return { fetcher, part: `${system.layout.downloads}/sha256-${wanted("").sha256}.part` };
}

function rangeStart(request: IncomingMessage): number {
  return Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
}

function sendFrom(response: ServerResponse, start: number): void {
  response.writeHead(start === 0 ? 200 : 206, {
    "content-length": content.length - start,
    ...(start === 0 ? {} : { "content-range": `bytes ${start}-${content.length - 1}/${content.length}` }),
  });
  response.end(content.subarray(start));
}

/** A body that stops in its middle, with the connection. */
function breakOff(response: ServerResponse, start: number, bytes: number): void {
  response.writeHead(start === 0 ? 200 : 206, {
    "content-length": content.length - start,
    ...(start === 0 ? {} : { "content-range": `bytes ${start}-${content.length - 1}/${content.length}` }),
  });
  response.write(content.subarray(start, start + bytes));
  setTimeout(() => response.destroy(), 50);
}

const code = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => "done",
    (error: { code?: string }) => error.code ?? error,
  );

describe("a download", () => {
  test("says how far it is", async () => {
    answer = (_request, response) => sendFrom(response, 0);
    const seen: number[] = [];
    const path = await open().fetcher.verified(wanted("/a"), { signal, onProgress: (done) => void seen.push(done) });
    expect(readFileSync(path).equals(content)).toBe(true);
    expect(seen.at(-1)).toBe(content.length);
  });

  test("that breaks off goes on where it was", async () => {
    answer = (request, response, count) => (count === 1 ? breakOff(response, 0, 5000) : sendFrom(response, rangeStart(request)));
    expect(readFileSync(await open().fetcher.verified(wanted("/a"), { signal })).equals(content)).toBe(true);
    expect(asked.map(({ range }) => range)).toEqual([undefined, "bytes=5000-"]);
  });

  test("of an earlier day goes on where it was", async () => {
    const { fetcher, part } = open();
    answer = (request, response) =>
      asked.length <= 3 ? breakOff(response, rangeStart(request), 100) : sendFrom(response, rangeStart(request));
    expect(await code(fetcher.verified(wanted("/a"), { signal }))).toBe("mirror_unreachable");
    expect(readFileSync(part).length).toBe(300);
    expect(await code(fetcher.verified(wanted("/a"), { signal }))).toBe("done");
    expect(asked.at(-1)?.range).toBe("bytes=300-");
    expect(existsSync(part)).toBe(false);
  });

  test.each([
    ["is not fetched again when all of it is there", content.length, ["bytes=20000-"]],
    ["is fetched anew when the server's has become shorter", content.length - 1, ["bytes=20000-", undefined]],
  ] as const)("of an unknown digest %s", async (_what, bytes, ranges) => {
    const { fetcher, part } = open();
    const path = join(part, `../url-${createHash("sha256").update(wanted("/a").url).digest("hex")}`);
    mkdirSync(join(part, ".."), { recursive: true });
    writeFileSync(`${path}.part`, content);
    answer = (request, response) => {
      if (rangeStart(request) < bytes) response.end(content.subarray(0, bytes));
      else response.writeHead(416, { "content-range": `bytes */${bytes}` }).end("no such range");
    };
    await fetcher.signed(wanted("/a").url, 2 ** 20, { signal });
    expect(asked.map(({ range }) => range)).toEqual([...ranges]);
    expect(readFileSync(path)).toEqual(content.subarray(0, bytes));
    expect(existsSync(`${path}.part`)).toBe(false);
  });

  test("starts again at a server that knows no ranges", async () => {
    answer = (_request, response, count) => (count === 1 ? breakOff(response, 0, 5000) : sendFrom(response, 0));
    expect(await code(open().fetcher.verified(wanted("/a"), { signal }))).toBe("done");
  });

  test("starts again when what was there is wrong", async () => {
    const { fetcher, part } = open();
    answer = (request, response, count) =>
      count <= 3 ? breakOff(response, rangeStart(request), 10) : sendFrom(response, rangeStart(request));
    await code(fetcher.verified(wanted("/a"), { signal }));
    writeFileSync(part, "not the same");
    expect(await code(fetcher.verified(wanted("/a"), { signal }))).toBe("done");
    expect(asked.at(-1)?.range).toBeUndefined();
  });

  test("is made once for two who want it at the same time", async () => {
    answer = (_request, response) => sendFrom(response, 0);
    const { fetcher } = open();
    await Promise.all([1, 2, 3].map(() => fetcher.verified(wanted("/a"), { signal })));
    expect(asked.length).toBe(1);
  });

  test("is tried a bounded number of times", async () => {
    answer = (_request, response) => response.writeHead(503).end();
    expect(await code(open().fetcher.verified(wanted("/a"), { signal }))).toBe("mirror_unreachable");
    expect(asked.length).toBe(3);
  });

  test("is not tried again for what stays wrong", async () => {
    answer = (_request, response) => response.writeHead(404).end();
    expect(await code(open().fetcher.verified(wanted("/a"), { signal }))).toBe("mirror_lacks_file");
    expect(asked.length).toBe(1);
  });

  test("without a length ends at the announced size", async () => {
    const { fetcher, part } = open();
    answer = (_request, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write(content), 1);
      response.on("close", () => clearInterval(timer));
    };
    expect(await code(fetcher.verified(wanted("/a"), { signal }))).toBe("size_mismatch");
    expect(existsSync(part)).toBe(false);
  });

  test("that goes quiet is given up", async () => {
    answer = (_request, response) => {
      response.writeHead(200, { "content-length": content.length });
      response.write("0123");
    };
    expect(await code(open(60).fetcher.verified(wanted("/a"), { signal }))).toBe("mirror_unreachable");
  });

  test("that drips is given up", async () => {
    answer = (_request, response) => {
      response.writeHead(200, { "content-length": content.length });
      const timer = setInterval(() => response.write("0"), 5);
      response.on("close", () => clearInterval(timer));
    };
    const error = await open(100)
      .fetcher.small(`${base.replace("//", "//user:secret@")}/a`, 1e6, signal)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "mirror_unreachable" });
    expect(String(error)).not.toContain("secret");
  });

  test("of a server that never answers is given up", async () => {
    answer = ignore;
    expect(await code(open(60).fetcher.small(`${base}/a`, 100, signal))).toBe("mirror_unreachable");
  });

  test("can be cancelled in its middle", async () => {
    const stop = new AbortController();
    answer = (_request, response) => {
      response.writeHead(200, { "content-length": content.length });
      response.write("0123");
      setTimeout(() => stop.abort(), 20);
    };
    expect(await code(open().fetcher.verified(wanted("/a"), { signal: stop.signal }))).toBe("cancelled");
  });

  test("that another fetches need not be waited for to its end, and goes on for the other", async () => {
    const stop = new AbortController();
    let finish: (() => void) | undefined;
    answer = (_request, response) => {
      response.writeHead(200, { "content-length": content.length });
      response.write(content.subarray(0, 4));
      finish = () => void response.end(content.subarray(4));
      setTimeout(() => stop.abort(), 20);
    };
    const { fetcher } = open();
    const first = code(fetcher.verified(wanted("/a"), { signal }));
    const second = code(fetcher.verified(wanted("/a"), { signal: stop.signal }));
    const third = code(fetcher.verified(wanted("/a"), { signal: stop.signal }));
    expect(await Promise.all([second, third])).toEqual(["cancelled", "cancelled"]);
    finish?.();
    expect(await first).toBe("done");
    expect(asked.length).toBe(1);
  });

  test("is not unpacked on its way", async () => {
    answer = (_request, response) => {
      response.writeHead(200, { "content-length": content.length, "content-encoding": "gzip" });
      response.end(content);
    };
    expect(await code(open().fetcher.verified(wanted("/a"), { signal }))).toBe("done");
  });
});

describe("a redirect", () => {
  test("within the mirror is followed", async () => {
    answer = (request, response) => (request.url === "/a" ? response.writeHead(302, { location: "/b" }).end() : sendFrom(response, 0));
    expect(await code(open().fetcher.verified(wanted("/a"), { signal }))).toBe("done");
  });

  test.each(["file:///etc/passwd", "http://169.254.169.254/latest", "/a", "http://localhost/x", "ftp://x/", "http://u:p@x/", ""])(
    "to %p is not",
    async (location) => {
      answer = (_request, response) => response.writeHead(302, { location }).end();
      expect(await code(open().fetcher.verified(wanted("/a"), { signal }))).toBe("redirect_refused");
      expect(asked.length).toBeLessThan(8);
    },
  );

  test("from https to http is not followed", () => {
    expect(decideRedirect(new URL("https://m/a"), "http://m/a").is).toBe("refused");
    expect(decideRedirect(new URL("http://m/a"), "https://cdn/a").is).toBe("go");
  });
});

describe("a proxy", () => {
  test.each([
    ["http://m/a", { http_proxy: "http://p:3128" }, "http://p:3128"],
    ["https://m/a", { http_proxy: "http://p:3128" }, undefined],
    ["https://m/a", { HTTPS_PROXY: "p:3128" }, "http://p:3128"],
    ["http://m/a", { http_proxy: "" }, undefined],
    ["http://m.corp/a", { http_proxy: "http://p", no_proxy: "x, .corp" }, undefined],
    ["http://corp/a", { http_proxy: "http://p", no_proxy: "corp:81" }, "http://p"],
    ["http://corp:81/a", { http_proxy: "http://p", no_proxy: "corp:81" }, undefined],
    ["http://acorp/a", { http_proxy: "http://p", no_proxy: "corp" }, "http://p"],
    ["http://m/a", { http_proxy: "http://p", NO_PROXY: "*" }, undefined],
  ])("for %s with %p", (url, environment, proxy) => {
    expect(proxyFor(new URL(url), environment)).toBe(proxy as string);
  });

  test("is asked with the whole address", async () => {
    answer = (_request, response) => sendFrom(response, 0);
    const system = makeSystem({ PATH: process.env["PATH"], BANGER_HOME: mkdtempSync(join(root, "h-")) }, silent);
    const fetcher = makeFetcher(system, makeHttpTransport(system.clock, { http_proxy: base }, 5000, "use another mirror"), []);
    expect(await code(fetcher.verified({ ...wanted(""), url: "http://mirror.invalid/a" }, { signal }))).toBe("done");
    expect(asked[0]?.path).toBe("http://mirror.invalid/a");
  });
});
