import { describe, expect, test } from "bun:test";
import { grantText, hostText, NO_GRANTS, removeText, slotText, tableText, withdrawText } from "./rules.ts";
import { slotOf } from "./slots.ts";

const HOST = { own: ["192.0.2.2"], near: ["192.0.2.0/24"] };
const GRANTS = { hostPorts: [5432, 8080], lan: ["192.168.1.0/24"], outward: false, network: 7 };
const linesOf = (text: string): readonly string[] => text.split("\n").map((line) => line.trim());
const chain = (name: string): readonly string[] => {
  const lines = linesOf(tableText(HOST, []));
  const from = lines.indexOf(`chain ${name} {`);
  return lines.slice(from + 1, lines.indexOf("}", from));
};

describe("the table", () => {
  test("takes the place of one that is there, in the same transaction", () => {
    expect(linesOf(tableText(HOST, [])).slice(0, 3)).toEqual(["table inet banger {}", "delete table inet banger", "table inet banger {"]);
  });

  test("drops what no rule lets pass, wherever a packet comes by", () => {
    for (const name of ["arriving", "through", "inside", "from_inside"]) expect(chain(name)[0]).toEndWith("policy drop;");
  });

  test("has as many rules with many vms as with none", () => {
    const count = (text: string): number => linesOf(text).filter((line) => /accept$|drop$|goto|dnat|masquerade|reject/.test(line)).length;
    const slots = Array.from({ length: 100 }, (_, number) => ({ slot: slotOf(number), grants: GRANTS }));
    expect(count(tableText(HOST, slots))).toBe(count(tableText(HOST, [])));
  });

  test("looks at the host and what is never granted before what was granted, and at what is denied after it", () => {
    const lines = chain("through");
    const at = (part: string): number => lines.findIndex((line) => line.includes(part));
    const order = ["@never", "@own", "@lan", "@denied", "@near"].map(at);
    expect(order).not.toContain(-1);
    expect(order).toEqual(order.toSorted((one, other) => one - other));
    expect(at("oifname !=")).toBeLessThan(order[0] ?? 0);
    // Who has no way out is kept from all of it, the resolver as well.
    expect(at("@kept_in")).toBe(at("oifname !=") + 1);
    expect(at("@kept_in")).toBeLessThan(at("udp dport 53"));
    expect(at("@members")).toBe(at("oifname !=") - 1);
    expect(lines.at(-1)).toBe("goto to_uplink");
  });

  test("never lets a guest's packets pass because earlier ones did", () => {
    for (const line of [...chain("arriving"), ...chain("through")])
      if (line.includes("established")) expect(line).toContain('iifname "up0"');
    // What asks for that comes last, of packets that were judged.
    expect(chain("through").filter((line) => line.endsWith("accept") && line.includes("tcp"))).toEqual([]);
  });

  test("lets a connection that nobody has answered begin once in a while, by its first packet alone", () => {
    const lines = chain("to_uplink");
    expect(lines[0]).toBe("ct state established,related accept");
    // And no vm has more of what is everybody's than its part.
    expect(lines[1]).toBe("add @busy { iifname ct count over 8192 } goto refused");
    expect(lines[2]).toBe("meta l4proto != tcp accept");
    expect(lines.slice(3).map((line) => line.split(" ").at(-1))).toEqual(["drop", "drop", "drop", "accept", "drop"]);
  });
});

describe("a slot", () => {
  test("has one place, by TAP, MAC and address together", () => {
    expect(slotText(slotOf(3))).toBe('add element inet banger places { "bg3" . 52:54:00:13:00:03 . 198.19.0.14 }\n');
  });

  test("that goes takes all of it, also what somebody has removed before", () => {
    expect(linesOf(removeText(slotOf(3), GRANTS)).filter((line) => line !== "")).toEqual([
      'add element inet banger places { "bg3" . 52:54:00:13:00:03 . 198.19.0.14 }',
      'delete element inet banger places { "bg3" . 52:54:00:13:00:03 . 198.19.0.14 }',
      'add element inet banger host_ports { "bg3" . 5432, "bg3" . 8080 }',
      'delete element inet banger host_ports { "bg3" . 5432, "bg3" . 8080 }',
      'add element inet banger lan { "bg3" . 192.168.1.0/24 }',
      'delete element inet banger lan { "bg3" . 192.168.1.0/24 }',
      'add element inet banger kept_in { "bg3" }',
      'delete element inet banger kept_in { "bg3" }',
      'add element inet banger networks { "bg3" : 7 }',
      'delete element inet banger networks { "bg3" : 7 }',
      'add element inet banger members { "bg3" . 7 }',
      'delete element inet banger members { "bg3" . 7 }',
    ]);
  });

  test("without grants adds and takes nothing for them", () => {
    expect(grantText(slotOf(3), NO_GRANTS) + withdrawText(slotOf(3), NO_GRANTS)).toBe("");
  });
});

test("what the host has now takes the place of what it had", () => {
  expect(linesOf(hostText(HOST)).slice(0, 4)).toEqual([
    "flush set inet banger own",
    "flush set inet banger near",
    "add element inet banger own { 192.0.2.2 }",
    "add element inet banger near { 192.0.2.0/24 }",
  ]);
  expect(hostText({ own: [], near: [] })).not.toContain("add");
});
