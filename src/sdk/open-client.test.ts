import { afterEach, beforeEach, expect, test } from "bun:test";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openClient } from "./open-client.ts";

const ANSWER = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 10\r\nconnection: close\r\n\r\n";

let folder: string;
let server: net.Server;
/** What was asked, in order. */
let asked: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "banger-client-"));
  asked = [];
});
afterEach(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

/** A daemon that ends the first connections with what it said till then, as one does that is killed. */
async function listen(...endings: readonly string[]): Promise<string> {
  const socketPath = join(folder, "s");
  server = net.createServer((socket) => {
    socket
      .on("error", () => undefined)
      .once("data", (request) => {
        const ending = endings[asked.push(String(request).split(" HTTP")[0] ?? "") - 1];
        if (ending === undefined) return void socket.end(`${ANSWER}{"vms":[]}`);
        socket.write(ending, () => socket.destroy());
      });
  });
  server.listen(socketPath);
  await once(server, "listening");
  return socketPath;
}

test.each([
  ["before it answered", ""],
  ["in its answer", `${ANSWER}{"vm`],
])("what only reads is asked again when the daemon went away %s", async (_name, ending) => {
  const client = openClient({ socketPath: await listen(ending) });
  expect(await client.call("vm.list", {})).toEqual({ vms: [] } as never);
  expect(asked).toEqual(["GET /v1/vms", "GET /v1/vms"]);
});

test.each([
  ["before it answered", ""],
  ["in its answer", `${ANSWER}{"vm`],
])("it is asked once more and not for ever, when it goes away %s", async (_name, ending) => {
  const client = openClient({ socketPath: await listen(ending, ending, ending) });
  await expect(client.call("vm.list", {})).rejects.toMatchObject({ code: "daemon_broke_off" });
  expect(asked.length).toBe(2);
});

test("what changes something is sent once: nobody knows whether it was done", async () => {
  const client = openClient({ socketPath: await listen("", "") });
  await expect(client.call("vm.rename", { vm: "dev", name: "other" })).rejects.toMatchObject({ code: "daemon_broke_off" });
  expect(asked.length).toBe(1);
});
