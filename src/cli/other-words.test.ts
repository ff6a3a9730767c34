import { expect, test } from "bun:test";
import { COMMANDS } from "./command-table.ts";
import { otherCommand, otherFlag, otherVerb } from "./other-words.ts";

const typed = new Set(COMMANDS.flatMap(({ words, aliases }) => [words, ...aliases].map((form) => form.join(" "))));

test("the words of other tools lead to commands that there are, and hide none", () => {
  const words = "ls attach inspect launch up down destroy rmi images kernels pull copy top port log status prune df events".split(" ");
  for (const word of words) {
    expect(typed).toContain(otherCommand(word) ?? "nothing");
    expect(typed).not.toContain(word);
  }
  for (const word of ["ls", "rm", "inspect"]) expect(typed).toContain(`vm ${otherVerb(word)}`);
  expect(otherFlag(["vm", "list"], "--all")).toBe("banger ps shows every vm, stopped ones too");
  expect(otherFlag(["vm", "run"], "--rm")).toBe("did you mean --ephemeral?");
  for (const flag of ["--name", "constructor"]) expect(otherFlag(["vm", "run"], flag)).toBeUndefined();
  expect(otherFlag(["constructor"], "name")).toBeUndefined();
  expect(otherCommand("constructor")).toBeUndefined();
});
