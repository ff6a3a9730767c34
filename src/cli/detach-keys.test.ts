import { expect, test } from "bun:test";
import fc from "fast-check";
import { DetachWatch, parseDetachKeys, wordDetachKeys } from "./detach-keys.ts";

test.each([
  ["ctrl-]", [0x1d], "Ctrl-]"],
  ["ctrl-p,ctrl-q", [0x10, 0x11], "Ctrl-P Ctrl-Q"],
  ["CTRL-A,x", [1, 0x78], "Ctrl-A x"],
  ["ctrl-@", [0], "Ctrl-@"],
  ["~,.", [0x7e, 0x2e], "~ ."],
])("%p is %p", (text, bytes, words) => {
  expect([...parseDetachKeys(text)]).toEqual(bytes);
  expect(wordDetachKeys(text)).toBe(words);
});

test.each(["", "ctrl-", "ctrl-1", "ab", "ctrl-p,", "a,b,c,d,e,f,g,h,i", "é"])("%p is no keys", (text) => {
  expect(() => parseDetachKeys(text)).toThrow("--detach-keys takes");
});

test("what is typed arrives whole until the keys are typed, however it is cut", () => {
  const byte = fc.constantFrom(1, 2, 3);
  fc.assert(
    fc.property(
      fc.array(byte, { minLength: 1, maxLength: 4 }),
      fc.array(fc.array(byte, { maxLength: 5 }), { maxLength: 8 }),
      (keys, chunks) => {
        const typed = chunks.flat();
        const at = typed.findIndex((_, index) => keys.every((key, offset) => typed[index + offset] === key));
        const watch = new DetachWatch(Uint8Array.from(keys));
        const got: number[] = [];
        let isDetached = false;
        for (const chunk of chunks) {
          if (isDetached) break;
          const pushed = watch.push(Uint8Array.from(chunk));
          got.push(...pushed.bytes);
          isDetached = pushed.isDetached;
        }
        expect(isDetached).toBe(at >= 0);
        if (isDetached) expect(got).toEqual(typed.slice(0, at));
        // What is held back is less than the keys, and begins as they do.
        else expect([...got, ...keys.slice(0, typed.length - got.length)]).toEqual(typed);
      },
    ),
    { numRuns: 3000 },
  );
});
