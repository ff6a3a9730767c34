import { expect, test } from "bun:test";
import { BangerError } from "../contract/errors.ts";
import { whenReplaced, wordsToFollow } from "./when-replaced.ts";

const differs = new BangerError("refused", "daemon_version_differs", "cannot do it", {
  hint: "banger daemon stop",
  data: { client: "1.0.0", daemon: "2.0.0" },
});

test("who read along is told how to go on with the program that came", () => {
  expect(whenReplaced(differs, "banger console dev --offset 7")).toMatchObject({
    kind: "refused",
    code: "daemon_version_differs",
    message: "cannot go on: the daemon was replaced by that of banger 2.0.0, and this is banger 1.0.0",
    hint: "banger console dev --offset 7",
  });
});

test("who had read nothing, and every other failure, is told what it was", () => {
  expect(whenReplaced(differs, undefined)).toBe(differs);
  const other = new BangerError("not_found", "vm_not_found", "there is none");
  expect(whenReplaced(other, "banger console dev")).toBe(other);
});

test("a log goes on at a place, and a cursor of a guest's is one word to every shell", () => {
  expect(wordsToFollow("dev", undefined, { from: 0 })).toBe("banger logs -f dev --from 0");
  expect(wordsToFollow("dev", "vmm", { from: 12 })).toBe("banger logs -f dev --source vmm --from 12");
  expect(wordsToFollow("dev", "guest", {})).toBeUndefined();
  const words = wordsToFollow("dev", "guest", { cursor: "s=1;';reboot;'$(reboot)" });
  expect(words).toBe(`banger logs -f dev --source guest --cursor 's=1;'\\'';reboot;'\\''$(reboot)'`);
});
