import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { BangerError } from "../contract/errors.ts";
import { parseHello } from "./hello.ts";

const BOOT = "0123456789abcdef".repeat(2);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function failure(act: () => unknown): BangerError {
  try {
    act();
  } catch (thrown) {
    if (thrown instanceof BangerError) return thrown;
    throw thrown;
  }
  throw new Error("it did not fail");
}

describe("hello", () => {
  test("is read", () => {
    const hello = { protocol: 1, agent: "0.1.0", boot: BOOT };
    expect(parseHello(bytes(JSON.stringify(hello)))).toEqual(hello);
  });

  test("of another protocol says so and what to do, whatever else it holds", () => {
    const error = failure(() => parseHello(bytes(`{"protocol":2,"new":true}`)));
    expect(error.kind).toBe("unsupported");
    expect(error.code).toBe("agent_protocol_mismatch");
    expect(error.message).toContain("protocol 2");
    expect(error.hint).toContain("start it again");
  });

  const wrong = [
    "",
    "{",
    "null",
    "[]",
    `{"protocol":"1","agent":"0.1.0","boot":"${BOOT}"}`,
    `{"protocol":1,"agent":"0.1.0"}`,
    `{"protocol":1,"agent":"0.1.0","boot":"${BOOT.toUpperCase()}"}`,
    `{"protocol":1,"agent":"0.1.0\\u001b[2J","boot":"${BOOT}"}`,
    `{"protocol":1,"agent":"0.1.0","boot":"${BOOT}","more":1}`,
  ];
  test.each(wrong)("of the wrong shape is refused: %s", (text) => {
    expect(failure(() => parseHello(bytes(text))).code).toBe("guest_garbled");
  });

  test("never throws anything but a BangerError", () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.json().map(bytes)), (input) => {
        expect(failure(() => parseHello(input))).toBeInstanceOf(BangerError);
      }),
    );
  });
});
