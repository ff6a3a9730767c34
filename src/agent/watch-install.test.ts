import { expect, test } from "bun:test";
import { Readable } from "node:stream";
import type { Duplex } from "node:stream";
import { watchInstall } from "./watch-install.ts";

async function watch(...chunks: readonly (string | Uint8Array)[]): Promise<readonly string[]> {
  const lines: string[] = [];
  const stream = Readable.from(chunks.map((chunk) => Buffer.from(chunk))) as unknown as Duplex;
  await watchInstall(stream, (line) => lines.push(line));
  return lines;
}

test("lines come as they are said, however they are cut, until it is done", async () => {
  expect(await watch('{"line":"Get:1', ' x"}\n{"line":"two"}\n{"do', 'ne":true}\n')).toEqual(["Get:1 x", "two"]);
});

test("what could drive a terminal is spelled out", async () => {
  const [line = ""] = await watch(`${JSON.stringify({ line: "a\u001b[2Jb" })}\n{"done":true}\n`);
  expect(line).not.toContain("\u001b");
});

test("a failure is told with its words", async () => {
  const failed = watch('{"line":"x"}\n{"failed":"it ended with code 100"}\n');
  await expect(failed).rejects.toMatchObject({ code: "install_failed", message: "it ended with code 100" });
});

test.each([
  ["ends without a word", ['{"line":"x"}\n']],
  ["says what is no word", ['{"line":"x","done":true}\n']],
  ["says that it is not done", ['{"done":false}\n']],
  ["says what is not JSON", ["Get:1\n"]],
  ["never ends a line", ["x".repeat(5000), "x".repeat(5000)]],
  ["says too long a line", [`{"line":"${"x".repeat(8193)}"}\n`]],
])("a guest that %s is not understood", async (_what, chunks) => {
  await expect(watch(...chunks)).rejects.toMatchObject({ code: "guest_garbled" });
});
