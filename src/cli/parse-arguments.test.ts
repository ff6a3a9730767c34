import { describe, expect, test } from "bun:test";
import { closeSync, openSync } from "node:fs";
import fc from "fast-check";
import { COMMANDS } from "./command-table.ts";
import type { Command } from "./command.ts";
import { findCommand } from "./find-command.ts";
import { helpOfCommand, usageOf } from "./help.ts";
import { flagsOf, parseArguments } from "./parse-arguments.ts";
import { UsageError } from "./usage-error.ts";

function commandOf(words: string): Command {
  const found = findCommand(COMMANDS, words.split(" "));
  if (found === undefined) throw new Error(`no command ${words}`);
  return found.command;
}
const parse = (words: string, ...argv: string[]) => parseArguments(commandOf(words), argv);
const problemOf = (words: string, ...argv: string[]): string => {
  try {
    parse(words, ...argv);
  } catch (error) {
    if (error instanceof UsageError) return `${error.message} | ${error.hint ?? ""}`;
    throw error;
  }
  return "no problem";
};

describe("what is read", () => {
  test("a flag's value follows it or its equals sign", () => {
    expect(parse("vm create", "dev", "--memory", "2G", "--cpus=4", "-c2".replace("-c2", "--nat")).given).toEqual({
      name: "dev",
      memory: "2G",
      cpus: 4,
      nat: true,
    });
    expect(parse("vm create", "-m2G", "-c", "3", "--name=x").given).toEqual({ memory: "2G", cpus: 3, name: "x" });
  });
  test("a path in a reference of an image is made absolute, and nothing else of it is touched", () => {
    const here = process.cwd();
    expect(parse("image pull", "oci:x/y:tag").given).toEqual({ name: `oci:${here}/x/y:tag` });
    expect(parse("image pull", "docker-archive:../a.tar").given).toEqual({ name: `docker-archive:${here.replace(/\/[^/]*$/, "")}/a.tar` });
    for (const name of ["debian:bookworm", "oci://ghcr.io/a/b", "docker://a", "acme/x"])
      expect(parse("image pull", name).given).toEqual({ name });
  });
  test("environment variables are gathered", () => {
    expect(parse("vm create", "-e", "A=1", "--env=B=x=y", "-eC=").given).toEqual({ env: { A: "1", B: "x=y", C: "" } });
  });
  test("labels and filters are gathered, too", () => {
    expect(parse("vm create", "--label", "team=blue", "-l", "a.b/c=x=y").given).toEqual({ labels: { team: "blue", "a.b/c": "x=y" } });
    expect(parse("ps", "-q", "--filter", "state=running", "--filter=name=a*").given).toEqual({
      quiet: true,
      filter: ["state=running", "name=a*"],
    });
  });
  test("what is true by default is turned off", () => expect(parse("vm create", "--no-start").given).toEqual({ start: false }));
  test("one-letter flags are joined", () => {
    expect(parse("exec", "-it", "dev", "--", "sh")).toMatchObject({ given: { interactive: true, tty: true, vm: "dev" }, rest: ["sh"] });
  });
  test("a guest's command is left alone, with and without --", () => {
    expect(parse("exec", "dev", "ls", "-la", "--json", "--help", "--", "x").rest).toEqual(["ls", "-la", "--json", "--help", "--", "x"]);
    expect(parse("exec", "dev", "--", "-x", "--", "y").rest).toEqual(["-x", "--", "y"]);
    expect(parse("run", "--name", "dev", "--", "make", "-j").rest).toEqual(["make", "-j"]);
  });
  test("several names are taken where that makes sense", () => {
    expect(parse("rm", "a", "-f", "b", "c")).toMatchObject({ repeated: ["a", "b", "c"], given: { force: true } });
  });
  test("of several words the last is where they are copied to", () => {
    expect(parse("cp", "a", "-L", "b", "dev:x")).toMatchObject({ repeated: ["a", "b"], given: { destination: "dev:x", follow: true } });
    expect(parse("cp", "dev:x", ".")).toMatchObject({ repeated: ["dev:x"], given: { destination: "." } });
  });
  test.each([
    ["x", `${process.cwd()}/x`],
    ["/dev/null", "/dev/null"],
    ["/dev/fd/x", "/dev/fd/x"],
  ])("what is read is a path: %s", (from, path) => expect(parse("image import", "i", "--from", from).given["from"]).toBe(path));
  test("a descriptor of ours is read through /proc", () => {
    const descriptor = openSync("/dev/null", "r");
    const path = `/proc/${process.pid}/fd/${descriptor}`;
    for (const folder of ["/dev/fd", "/proc/self/fd"])
      expect(parse("image import", "i", "--from", `${folder}/${descriptor}`).given["from"]).toBe(path);
    closeSync(descriptor);
    expect(problemOf("image import", "i", "--from", `/dev/fd/${descriptor}`)).toContain("is closed");
  });
  test("paths become absolute", () => expect(parse("kernel import", "k", "--from", "x").given["from"]).toBe(`${process.cwd()}/x`));
  test("help wins over what is missing", () => expect(parse("exec", "--help").wantsHelp).toBe(true));
});

describe("what is refused names the flag", () => {
  test.each([
    ["vm create", ["--memroy", "2G"], "there is no flag --memroy | did you mean --memory?"],
    ["vm create", ["--memory"], "--memory needs a value"],
    ["vm create", ["--label", "team"], "--label takes KEY=VALUE"],
    ["vm create", ["--memory", "--nat"], "--memory needs a value"],
    ["vm create", ["--memory", "lots"], "--memory takes a size"],
    ["vm create", ["--cpus", "2.5"], "--cpus takes a whole number"],
    ["vm create", ["--init", "sytemd"], "did you mean systemd?"],
    ["vm create", ["--env", "A"], "--env takes KEY=VALUE"],
    ["vm create", ["--nat=yes"], "--nat takes no value"],
    ["vm create", ["--nat", "--nat"], "--nat was given twice"],
    ["vm create", ["a", "--name", "b"], "NAME was given twice"],
    ["vm create", ["a", "b"], "there is no place for `b`"],
    ["vm stop", ["dev", "--grace", "10"], "--grace takes a duration"],
    ["vm stop", [], "NAME is missing"],
    ["vm start", ["--vm", "dev"], "there is no flag --vm"],
    ["kernel import", ["k"], "--from is missing"],
    ["exec", ["dev"], "COMMAND is missing"],
    ["run", ["uname"], "banger vm run -- uname"],
    ["exec", ["-x", "dev"], "there is no flag -x"],
  ])("%s %p: %s", (words, argv, part) => expect(problemOf(words, ...argv)).toContain(part));

  test.each([
    ["vm creat", "did you mean banger vm create?"],
    ["pss", "did you mean banger ps?"],
    ["vm frobnicate", "banger vm --help"],
    ["interna", "banger --help"],
  ])("%s", (words, hint) => {
    expect(() => findCommand(COMMANDS, words.split(" "))).toThrow(UsageError);
    try {
      findCommand(COMMANDS, words.split(" "));
    } catch (error) {
      expect((error as UsageError).hint).toBe(hint);
    }
  });
});

test("no words at all are taken for anything but input: parsing gives a result or a usage error", () => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom("--", "-", "--name", "-e", "--env", "A=1", "--json", "-it", "--memory", "1G", "dev", "__proto__", "--constructor"),
  );
  fc.assert(
    fc.property(fc.constantFrom(...COMMANDS), fc.array(word, { maxLength: 8 }), (command, argv) => {
      try {
        parseArguments(command, argv);
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError);
      }
    }),
    { numRuns: 3000 },
  );
});

describe("every command", () => {
  const visible = COMMANDS.filter(({ hidden }) => hidden !== true);
  test.each(visible.map((command) => [command.words.join(" "), command] as const))("%s has help with examples", (_, command) => {
    const text = helpOfCommand(command);
    expect(text).toContain(usageOf(command));
    expect(text).toContain("examples:");
    for (const field of flagsOf(command)) expect(text).toContain(`--${field.flag}`);
  });

  test.each(visible.flatMap(({ examples }) => examples.map(({ command }) => [command])))(
    "the example `%s` is one that it takes",
    (line) => {
      const ours = line.split(" < ")[0]?.split(" | ").at(-1) ?? "";
      const words = [...ours.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? "");
      const found = findCommand(COMMANDS, words.slice(1));
      if (found === undefined) throw new Error("no command");
      parseArguments(found.command, found.rest);
    },
  );

  test("has its words to itself", () => {
    const words = COMMANDS.flatMap((command) => [command.words, ...command.aliases].map((each) => each.join(" ")));
    expect(new Set(words).size).toBe(words.length);
  });
});
