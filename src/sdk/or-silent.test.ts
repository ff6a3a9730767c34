import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openClient } from "./open-client.ts";
import { noteOfUs } from "./test-note.ts";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "banger-silent-"))));
afterEach(() => rmSync(folder, { recursive: true }));

/** A client that has little patience, and a note of this process as the daemon. */
function openHasty() {
  const [socketPath, notePath] = [join(folder, "banger.sock"), join(folder, "daemon.json")];
  writeFileSync(notePath, JSON.stringify(noteOfUs(socketPath)));
  return openClient({ socketPath, notePath, patience: { answerMs: 20, probeMs: 200 } });
}

async function listen(server: net.Server): Promise<Disposable> {
  await new Promise<void>((resolve) => server.listen(join(folder, "banger.sock"), resolve));
  return { [Symbol.dispose]: () => void server.close() };
}
const answering = (answer: RequestListener): Promise<Disposable> => listen(createServer(answer));

test("a daemon that hangs is told by its pid, whatever it is asked", async () => {
  using _hung = await listen(net.createServer(() => undefined));
  const client = openHasty();
  const told = { code: "daemon_silent", message: expect.stringContaining(`it hangs (pid ${process.pid})`), hint: expect.any(String) };
  await expect(client.call("vm.list", {})).rejects.toMatchObject(told);
  await expect(client.call("vm.start", { vm: "dev" })).rejects.toMatchObject(told);
  await expect(client.exec("dev", { argv: ["true"], env: {} })).rejects.toMatchObject(told);
  await expect(client.openConsole("dev")).rejects.toMatchObject(told);
});

test("one that answers, and only not at once what it is asked, is waited for", async () => {
  using _busy = await answering((request, response) => {
    if (request.url === "/v1/version") response.end("{}");
    else setTimeout(() => response.end('{"vms":[]}'), 300);
  });
  expect(await openHasty().call("vm.list", {})).toEqual({ vms: [] });
});
