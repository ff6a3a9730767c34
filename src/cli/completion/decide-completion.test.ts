import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { COMMANDS } from "../command-table.ts";
import { decideCompletion } from "./decide-completion.ts";
import { offerLines } from "./print-offer.ts";

const offer = (...line: readonly string[]) => decideCompletion(COMMANDS, line.slice(0, -1), line.at(-1) ?? "");
const values = (...line: readonly string[]): readonly string[] => offer(...line).candidates.map(({ value }) => value);

describe("words of a command", () => {
  test("are nouns and short forms first, then verbs", () => {
    expect(values("")).toEqual(expect.arrayContaining(["vm", "ps", "exec", "completion", "--help", "--version"]));
    expect(values("vm", "")).toEqual(expect.arrayContaining(["create", "list", "ls", "rm"]));
    expect(values("help", "image", "")).toContain("pull");
  });

  test("leave out what is hidden, and what is none", () => {
    expect(values("")).not.toContain("internal");
    expect(values("nonsense", "")).toEqual([]);
  });
});

describe("flags", () => {
  test("are those that were not given yet", () => {
    const free = values("vm", "create", "dev", "--nat", "-m", "2G", "-");
    expect(free).toEqual(expect.arrayContaining(["--image", "--env", "--json", "--help"]));
    for (const given of ["--nat", "--memory"]) expect(free).not.toContain(given);
    expect(values("vm", "create", "--env", "A=b", "--")).toContain("--env");
  });

  test("have values: choices, names, paths, or such that nobody knows", () => {
    expect(values("vm", "create", "--init", "")).toEqual(["auto", "agent", "systemd", "openrc", "runit", "s6", "busybox", "image"]);
    expect(offer("vm", "create", "--init=")).toMatchObject({ before: "--init=", candidates: expect.arrayContaining([{ value: "auto" }]) });
    expect(offer("vm", "create", "--image", "")).toMatchObject({ names: "image" });
    expect(offer("kernel", "import", "x", "--from", "")).toMatchObject({ files: true });
    expect(offer("vm", "create", "--memory", "")).toEqual({ candidates: [] });
    expect(offer("vm", "create", "-c", "")).toEqual({ candidates: [] });
  });
});

describe("places", () => {
  test("take names, of a repeated one those that do not stand there yet", () => {
    expect(offer("start", "")).toMatchObject({ names: "vm" });
    expect(offer("operation", "show", "")).toMatchObject({ names: "operation" });
    expect(offer("rm", "-f", "a", "")).toMatchObject({ names: "vm", taken: ["a"] });
    expect(
      offerLines("zsh", { candidates: [], names: "vm", taken: ["a"] }, [{ value: "a" }, { value: "b", brief: "running" }], ""),
    ).toEqual(["b\trunning"]);
  });

  test("end where the command for the guest begins", () => {
    expect(offer("exec", "")).toMatchObject({ names: "vm" });
    for (const line of [
      ["exec", "dev", "--", ""],
      ["exec", "dev", "ls", ""],
      ["run", "--", "-"],
    ]) {
      expect(offer(...line)).toEqual({ candidates: [] });
    }
  });
});

test("a place is a path of this computer, or begins with the name of a vm", () => {
  for (const line of [
    ["cp", ""],
    ["cp", "-r", "a", "de"],
    ["vm", "cp", "a", "b", "de"],
  ])
    expect(offer(...line)).toEqual({ candidates: [], files: true, names: "vm", after: ":" });
  expect(offer("cp", "./de")).toEqual({ candidates: [], files: true });
  expect(offer("cp", "dev:/et")).toEqual({ candidates: [] });
  expect(offerLines("bash", offer("cp", "de"), [{ value: "dev", brief: "running" }], "de")).toEqual(["dev:", ":files"]);
});

test("every offer begins with what was typed, whatever was typed, and stays on its line", () => {
  const known = COMMANDS.flatMap(({ words, fields }) => [...words, ...fields.map(({ flag }) => `--${flag}`)]);
  const word = fc.oneof(fc.constantFrom(...known, "--", "-", "=", ""), fc.string());
  fc.assert(
    fc.property(fc.array(word, { maxLength: 6 }), word, fc.constantFrom("zsh" as const, "fish" as const), (words, current, shell) => {
      for (const line of offerLines(shell, decideCompletion(COMMANDS, words, current), [], current)) {
        if (line !== ":files") expect(line).toStartWith(current);
        expect(line.split(/[\n\t]/).length).toBeLessThanOrEqual(2);
      }
    }),
  );
});
