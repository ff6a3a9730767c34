/** Pulling from registries that do what is allowed, and what is not. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { makeJsonLog } from "../../system/json-log.ts";
import { makeSystem } from "../../system/make-system.ts";
import { makeOciTransport } from "./oci-transport.ts";

const DIGEST = `sha256:${"0a".repeat(32)}`;
const CONTENT = Buffer.from("0123456789");

let servers: Bun.Server<undefined>[] = [];
let seen: string[] = [];
beforeEach(() => {
  [servers, seen] = [[], []];
});
afterEach(async () => {
  for (const server of servers) await server.stop(true);
});

/** Its host; `answer` is asked for everything. */
function serve(answer: (request: Request, url: URL) => Response | Promise<Response>): string {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => {
      const url = new URL(request.url);
      seen.push(`${url.port === servers[0]?.url.port ? "first" : "second"} ${url.pathname} ${request.headers.get("authorization") ?? "-"}`);
      return answer(request, url);
    },
  });
  servers.push(server);
  return `127.0.0.1:${server.port}`;
}

async function read(
  host: string,
  offset = 0,
  signal = new AbortController().signal,
): Promise<{ offset: number; bytes: number | undefined; text: string }> {
  const { clock } = makeSystem({ BANGER_HOME: "/nonexistent" }, makeJsonLog(2));
  const answer = await makeOciTransport(clock, {}, 500, "ask").open(`oci://${host}/a/b@${DIGEST}`, offset, signal);
  const parts: Uint8Array[] = [];
  for await (const part of answer.body) parts.push(part);
  return { offset: answer.offset, bytes: answer.bytes, text: Buffer.concat(parts).toString() };
}

const unauthorized = (realm: string): Response =>
  new Response(null, { status: 401, headers: { "www-authenticate": `Bearer realm="${realm}",service="s",scope="repository:a/b:pull"` } });

test("whole and from an offset on", async () => {
  const host = serve((request) =>
    request.headers.has("range")
      ? new Response(CONTENT.subarray(4), { status: 206, headers: { "content-range": "bytes 4-9/10" } })
      : new Response(CONTENT),
  );
  expect(await read(host)).toEqual({ offset: 0, bytes: 10, text: "0123456789" });
  expect(await read(host, 4)).toEqual({ offset: 4, bytes: 6, text: "456789" });
  expect(seen[0]).toBe(`first /v2/a/b/blobs/${DIGEST} -`);
});

test("with a token for anybody, which does not go where the registry sends us", async () => {
  let storage = "";
  const host = serve((request, url) => {
    if (url.pathname === "/token")
      return Response.json({ access_token: `for-${url.searchParams.get("scope")}`.replaceAll(/[^a-z-]/g, "-") });
    if (!request.headers.has("authorization")) return unauthorized(`http://${url.host}/token`);
    return Response.redirect(`http://${storage}/file`, 307);
  });
  storage = serve(() => new Response(CONTENT));
  expect(await read(host)).toMatchObject({ text: "0123456789" });
  expect(seen).toEqual([
    `first /v2/a/b/blobs/${DIGEST} -`,
    "first /token -",
    `first /v2/a/b/blobs/${DIGEST} Bearer for-repository-a-b-pull`,
    "second /file -",
  ]);
});

test.each([
  [
    "a token that does not help",
    (_request: Request, url: URL) => (url.pathname === "/token" ? Response.json({ token: "x" }) : unauthorized(`http://${url.host}/token`)),
    "mirror_lacks_file",
  ],
  ["a token service of the surroundings", () => unauthorized("http://169.254.169.254/latest"), "mirror_lacks_file"],
  ["a token service that is a file", () => unauthorized("file:///etc/passwd"), "mirror_lacks_file"],
  [
    "a token with a line break",
    (_request: Request, url: URL) =>
      url.pathname === "/token" ? Response.json({ token: "x\r\ny: z" }) : unauthorized(`http://${url.host}/token`),
    "mirror_lacks_file",
  ],
  [
    "a token without end",
    (_request: Request, url: URL) =>
      url.pathname === "/token"
        ? new Response(new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536)) }))
        : unauthorized(`http://${url.host}/token`),
    "mirror_lacks_file",
  ],
  [
    "a token service in trouble",
    (_request: Request, url: URL) =>
      url.pathname === "/token" ? new Response(null, { status: 503 }) : unauthorized(`http://${url.host}/token`),
    "mirror_unreachable",
  ],
  ["a wish for a password", () => new Response(null, { status: 401, headers: { "www-authenticate": "Basic" } }), "mirror_lacks_file"],
  ["nothing there", () => new Response(null, { status: 404 }), "mirror_lacks_file"],
  ["trouble", () => new Response(null, { status: 500 }), "mirror_unreachable"],
  ["a redirect to a file", () => new Response(null, { status: 302, headers: { location: "file:///etc/passwd" } }), "redirect_refused"],
  ["redirects in a circle", (_request: Request, url: URL) => Response.redirect(url.href), "redirect_refused"],
  ["silence", () => new Promise<Response>(() => undefined), "mirror_unreachable"],
  [
    "a slow drip",
    () =>
      new Response(
        new ReadableStream({
          pull: async (controller) => {
            await Bun.sleep(100);
            controller.enqueue(new Uint8Array(1));
          },
        }),
      ),
    "mirror_unreachable",
  ],
] as const)("%s ends soon, and is told", async (_what, answer, code) => {
  const host = serve(answer);
  const startedMs = performance.now();
  await expect(read(host)).rejects.toMatchObject({ code });
  expect(performance.now() - startedMs).toBeLessThan(5000);
  expect(seen.length).toBeLessThan(10);
});

test("nobody there, no digest, and a wish to stop", async () => {
  await expect(read("127.0.0.1:1")).rejects.toMatchObject({ code: "mirror_unreachable" });
  await expect(read(`127.0.0.1:1/x@${DIGEST}/`)).rejects.toMatchObject({ code: "bad_registry_address" });
  const host = serve(() => new Promise<Response>(() => undefined));
  await expect(read(host, 0, AbortSignal.timeout(100))).rejects.toMatchObject({ code: "cancelled" });
});
