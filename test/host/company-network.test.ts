/** What a company's network is like: out by a proxy alone, which shows certificates by an authority of the company's own. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeCertificate } from "../support/certificate.ts";
import { offerLittle } from "../support/offered-bundle.ts";
import { withWorld } from "../support/world.ts";

setDefaultTimeout(60_000);

let folder: string;
let web: Bun.Server<undefined>;
let proxy: Server;
/** What the proxy was asked for. */
const asked: string[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "banger-company-"));
  makeCertificate(folder);
  web = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    tls: { key: readFileSync(join(folder, "tls.key")), cert: readFileSync(join(folder, "tls.pem")) },
    fetch: async (request) => {
      const file = Bun.file(join(folder, "web", new URL(request.url).pathname.slice(1)));
      return (await file.exists()) ? new Response(file) : new Response("none", { status: 404 });
    },
  });
  proxy = createServer((client) => {
    client.on("error", () => client.destroy());
    client.once("data", (head) => {
      const [, host = "", port = ""] = /^CONNECT ([^:]+):(\d+) HTTP/.exec(head.toString("latin1")) ?? [];
      asked.push(`${host}:${port}`);
      // There is no such address but for the proxy.
      const server = connect(web.port ?? 0, "127.0.0.1", () => {
        client.write("HTTP/1.1 200 Connection established\r\n\r\n");
        client.pipe(server).pipe(client);
      });
      server.on("error", () => client.destroy());
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
});
afterAll(async () => {
  proxy.close();
  await web.stop(true);
  rmSync(folder, { recursive: true });
});

/** Nothing listens there: who does not ask the proxy gets nowhere. */
const ADDRESS = "https://127.0.0.1:9/catalog.json";
const proxyUrl = (): string => `http://127.0.0.1:${(proxy.address() as { port: number }).port}`;

test.each(["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"])(
  "a catalog and its bundle are fetched by the proxy, with the authority in %s",
  async (variable) => {
    await withWorld({ isolatedGoods: true, config: '[drivers]\norder = ["fake"]\n' }, async (world) => {
      const key = await offerLittle(world, join(folder, "web"));
      const add = ["catalog", "add", "acme", ADDRESS, "--key", key];
      const withProxy = { https_proxy: proxyUrl() };
      asked.length = 0;
      // Asking again would not help, and is not done.
      expect(await world.banger(add, { env: withProxy })).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/cannot believe that 127\.0\.0\.1:9 is who it says: .*\n.*SSL_CERT_FILE.*banger daemon stop/),
      });
      expect(asked).toEqual(["127.0.0.1:9"]);
      await world.ok(["daemon", "stop"]);
      // A daemon takes the environment of the command that starts it.
      await world.ok(add, { env: { ...withProxy, [variable]: join(folder, "ca.pem") } });
      await world.ok(["kernel", "pull", "little"]);
      expect(await world.json(["kernel", "list"])).toMatchObject({ kernels: [{ name: "little" }] });
      expect(new Set(asked)).toEqual(new Set(["127.0.0.1:9"]));
    });
  },
);
