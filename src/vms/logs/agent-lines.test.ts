import { expect, test } from "bun:test";
import fc from "fast-check";
import { agentLines } from "./agent-lines.ts";

const take = (text: string, isLast = false): ReturnType<typeof agentLines> => agentLines(Buffer.from(text), isLast);

test("the agent's lines are those that begin as it writes them", () => {
  const console = "[    1.000000] banger-agent: cannot mount /x\r\nlogin: banger-agent: no\nbanger-agent: power off\n";
  expect(take(console)).toEqual({
    text: "[    1.000000] banger-agent: cannot mount /x\r\nbanger-agent: power off\n",
    taken: console.length,
  });
});

test("a line that is not over is left for later, unless there is no later", () => {
  expect(take("a\nbanger-agent: po")).toEqual({ text: "", taken: 2 });
  expect(take("a\nbanger-agent: po", true)).toEqual({ text: "banger-agent: po", taken: 18 });
  expect(take("x".repeat(70_000)).taken).toBe(70_000);
});

test("read in parts or at once, the lines are the same", () => {
  const line = fc.constantFrom("banger-agent: a\n", "other\n", "\n", "[ 1.0] banger-agent: b\r\n", "é banger-agent: \n");
  fc.assert(
    fc.property(fc.array(line), fc.nat(200), (lines, at) => {
      const bytes = Buffer.from(lines.join(""));
      const first = agentLines(bytes.subarray(0, at), false);
      const second = agentLines(bytes.subarray(first.taken), true);
      expect(first.text + second.text).toBe(agentLines(bytes, true).text);
    }),
  );
});
