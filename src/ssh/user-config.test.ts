import { expect, test } from "bun:test";
import fc from "fast-check";
import { withInclude, withoutInclude } from "./user-config.ts";

const PATH = "/home/me/.local/state/banger/ssh/config";
const OURS = `# Vms of banger as NAME.banger; banger ssh-config --remove takes this out.\nInclude "${PATH}"\n`;

test("the line comes first, and an empty line before what was there", () => {
  expect(withInclude("", PATH)).toBe(OURS);
  expect(withInclude("Host a\n  User b\n", PATH)).toBe(`${OURS}\nHost a\n  User b\n`);
});

test("a line that the user has moved or stripped of its comment is found, and not written twice", () => {
  const bare = `Host a\n  User b\nInclude "${PATH}"\n`;
  expect(withInclude(bare, PATH)).toBe(`${OURS}\nHost a\n  User b\n`);
  expect(withoutInclude(bare, PATH)).toBe("Host a\n  User b\n");
});

test("whatever the user has written is the same again after adding, adding again, and removing", () => {
  const line = fc.oneof(
    fc.string({ maxLength: 20 }).filter((text) => !text.includes("\n")),
    fc.constantFrom("", "Host *", "  User x", 'Include "/other"'),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
      // An empty line at the beginning cannot be told from the one that is ours.
      const text = lines.join("\n").replace(/^\n+/, "");
      const added = withInclude(text, PATH);
      expect(withInclude(added, PATH)).toBe(added);
      expect(withoutInclude(added, PATH)).toBe(text);
    }),
  );
});
