import { expect, test } from "bun:test";
import fc from "fast-check";
import { escapeGuestText } from "./escape-guest-text.ts";

test("what steers a terminal or hides a word is shown as an escape", () => {
  expect(escapeGuestText("a\u001b[2Jb\u202ec\u200bd\u009be\nf")).toBe("a\\x1b[2Jb\\u{202e}c\\u{200b}d\\x9be\\x0af");
});

test("ordinary text of any script stays", () => {
  expect(escapeGuestText("naïve 日本語 🙂")).toBe("naïve 日本語 🙂");
});

test("the result is bounded and has no control characters", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 2000 }), (text) => {
      const escaped = escapeGuestText(text);
      expect(escaped.length).toBeLessThan(403 * 8);
      expect(/\p{Cc}|\p{Surrogate}/u.test(escaped)).toBe(false);
    }),
  );
});
