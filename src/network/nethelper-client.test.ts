import { expect, test } from "bun:test";
import { duplexPair, type Duplex } from "node:stream";
import { z } from "zod";
import { BangerError } from "../contract/errors.ts";
import type { System } from "../system/system.ts";
import { connectHelper, findHelperObstacle, helperSocket } from "./nethelper-client.ts";

const HELLO = '{"ok":{"version":1,"slots":[3,7]}}\n';
const never = new AbortController().signal;

/** A computer on which somebody of this uid answers line after line as `answers` has it; undefined hangs up. */
function makeComputer(answers: readonly (string | undefined)[], uid = 0) {
  const asked: string[] = [];
  const connect = async (path: string): Promise<Duplex> => {
    expect(path).toBe(helperSocket(4242));
    const [ours, theirs] = duplexPair();
    const left = [...answers];
    theirs.on("data", (part: Buffer) => {
      asked.push(part.toString());
      const answer = left.shift();
      if (answer === undefined) theirs.destroy();
      else theirs.write(answer);
    });
    theirs.on("close", () => ours.destroy());
    return ours;
  };
  const system = { sockets: { connect, peerOf: () => ({ uid, pid: 1 }) }, files: { find: async () => ({ kind: "socket" }) } };
  return { system: system as unknown as System, asked };
}

const failureOf = async (answers: readonly (string | undefined)[], uid?: number): Promise<string> => {
  const { system } = makeComputer(answers, uid);
  const error: unknown = await connectHelper(system, 4242).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(BangerError);
  expect(error).toMatchObject({ code: "link_failed", hint: "sudo banger network helper" });
  return String(error);
};

test("questions go one after the other, and each gets its own answer", async () => {
  const { system, asked } = makeComputer([
    HELLO,
    '{"ok":{"n":1}}\n',
    '{"error":{"code":"in_use","message":"bg3 is in use"}}\n',
    '{"ok":{}}\n',
  ]);
  await using client = await connectHelper(system, 4242);
  expect(client.slots).toEqual([3, 7]);
  const number = z.strictObject({ n: z.number() });
  const answers = await Promise.allSettled([
    client.ask({ traffic: { slot: 3 } }, number),
    client.ask({ close: {} }, z.strictObject({})),
    client.ask({ slots: { make: [1], retire: [] } }, z.strictObject({})),
  ]);
  expect(answers.map((answer) => (answer.status === "fulfilled" ? answer.value : String(answer.reason)))).toEqual([
    { n: 1 },
    expect.stringContaining("bg3 is in use"),
    {},
  ]);
  expect(asked.map((line) => Object.keys(JSON.parse(line) as object)[0])).toEqual(["hello", "traffic", "close", "slots"]);
});

test("who is not root is not believed, and asked nothing", async () => {
  const { system, asked } = makeComputer([HELLO], 1000);
  expect(await findHelperObstacle(system, 4242, never)).toContain("is not root");
  expect(asked).toEqual([]);
  expect(await findHelperObstacle(makeComputer([HELLO]).system, 4242, never)).toBeUndefined();
});

test.each<readonly [string, readonly (string | undefined)[], string]>([
  ["of another version", ['{"ok":{"version":2,"slots":[]}}\n'], "of another version of banger"],
  ["that says no", ['{"error":{"code":"too_many","message":"more than 32 connections"}}\n'], "more than 32 connections"],
  ["that speaks no JSON", ["hello\n"], "in another way than it should"],
  ["that says something else", ['{"ok":{"slots":[]}}\n'], "in another way than it should"],
  ["that says two things", ['{"ok":{},"error":{}}\n'], "in another way than it should"],
  ["that never ends its line", ["x".repeat(2 ** 16 + 1)], "what nobody asked for"],
  ["that hangs up", [undefined], "it has ended"],
])("one %s is none, and it is said why", async (_what, answers, why) => {
  expect(await failureOf(answers)).toContain(why);
});

test("what is asked of one that has ended fails at once", async () => {
  const { system } = makeComputer([HELLO, undefined]);
  const client = await connectHelper(system, 4242);
  await expect(client.ask({ close: {} }, z.strictObject({}))).rejects.toThrow("it has ended");
  await client.ended;
  await expect(client.ask({ close: {} }, z.strictObject({}))).rejects.toThrow("it has ended");
});
