import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseJournalEntry } from "./journal-entry.ts";

const ENTRY = { __CURSOR: "s=1;i=2", __REALTIME_TIMESTAMP: "1790000000000000", SYSLOG_IDENTIFIER: "sshd", _PID: "12", MESSAGE: "hello" };
const parse = (change: object): string | undefined => parseJournalEntry(JSON.stringify({ ...ENTRY, ...change }))?.text;

test("an entry is a line", () => {
  expect(parseJournalEntry(JSON.stringify(ENTRY))).toEqual({ cursor: "s=1;i=2", text: "2026-09-21T14:13:20.000Z sshd[12]: hello\n" });
  expect(parse({ MESSAGE: [0xc3, 0xa9, 0x1b] })).toEndWith("sshd[12]: \u00e9\u001b\n");
  expect(parse({ MESSAGE: null })).toEndWith(": (too long)\n");
  expect(parse({ SYSLOG_IDENTIFIER: undefined, _COMM: "cron", _PID: undefined, more: { deep: 1 } })).toEndWith(" cron: hello\n");
  expect(parse({ __REALTIME_TIMESTAMP: "9999999999999999" })).toContain("sshd");
});

test("what is no entry is none", () => {
  for (const change of [
    { __CURSOR: "a b" },
    { __CURSOR: "x".repeat(600) },
    { __REALTIME_TIMESTAMP: "soon" },
    { MESSAGE: 1 },
    { _PID: [300] },
  ])
    expect(parse(change)).toBeUndefined();
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (line) => expect(parseJournalEntry(line)).toBeUndefined()));
});
