/** What the files of the golden image say, without building it. */
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "smol-toml";
import { GOLDEN, readPins, withKernel, withPins } from "./prepare.mjs";

const read = (name: string): string => readFileSync(join(GOLDEN, name), "utf8");
const PINS = readPins(read("pins.sh"));

interface Step {
  readonly group?: string;
  readonly packages?: readonly string[];
  readonly copy?: string;
  readonly to?: string;
  readonly run?: string;
}

/** What a way to build does in a group, in order. */
interface Done {
  readonly packages: readonly string[];
  readonly scripts: readonly string[];
}

function ofRecipe(group: string): Done {
  const steps = (parse(read("recipe.toml"))["steps"] as unknown as readonly Step[]).filter((step) => step.group === group);
  return { packages: steps.flatMap(({ packages }) => packages ?? []), scripts: steps.flatMap(({ run }) => scriptsIn(run ?? "")) };
}

function ofDockerfile(group: string): Done {
  const lines = read("Dockerfile").replaceAll("\\\n", " ").split("\n");
  let now = "";
  const mine = lines.filter((line) => {
    now = /^# group: (?<name>\w+)$/.exec(line)?.groups?.["name"] ?? now;
    return now === group;
  });
  return {
    packages: mine.flatMap((line) => / install -y --no-install-recommends +(?<names>.*)$/.exec(line)?.groups?.["names"]?.split(/ +/) ?? []),
    scripts: mine.flatMap((line) => (line.startsWith("RUN sh ") ? scriptsIn(line) : [])).filter((name) => name !== "identity.sh"),
  };
}

function scriptsIn(text: string): readonly string[] {
  return [...text.matchAll(/sh \/usr\/local\/lib\/golden\/(?<name>[a-z]+\.sh)/g)].map((match) => match.groups?.["name"] ?? "");
}

describe("recipe and Dockerfile", () => {
  test.each(["ESSENTIAL", "OPINION"])("do the same in group %s", (group) => {
    const done = ofRecipe(group);
    expect(done.packages).toEqual([...done.packages].sort());
    expect(done.packages.length).toBeGreaterThan(5);
    expect(done.scripts.length).toBeGreaterThan(0);
    expect(ofDockerfile(group)).toEqual(done);
  });

  test("have these groups and no other", () => {
    const steps = parse(read("recipe.toml"))["steps"] as unknown as readonly Step[];
    expect([...new Set(steps.flatMap(({ group }) => group ?? []))]).toEqual(["ESSENTIAL", "OPINION"]);
    expect([...read("Dockerfile").matchAll(/^# group: (?<name>.*)$/gm)].map((match) => match.groups?.["name"])).toEqual([
      "ESSENTIAL",
      "OPINION",
    ]);
  });

  test("strip identity last, whatever the groups", () => {
    const steps = parse(read("recipe.toml"))["steps"] as unknown as readonly Step[];
    expect(steps.at(-1)).toMatchObject({ run: "sh /usr/local/lib/golden/identity.sh" });
    expect(steps.at(-1)).not.toHaveProperty("group");
    const stages = read("Dockerfile").split(/^FROM .* AS /m);
    for (const stage of stages.filter((one) => /^(?:slim|full)\n/.test(one)))
      expect(stage).toMatch(/\nRUN sh \S+\/identity\.sh\n*(?:#.*\n)?$/);
  });

  test("copy every script that there is, and each before it runs", () => {
    const scripts = readdirSync(GOLDEN).filter((name) => name.endsWith(".sh"));
    const recipe = read("recipe.toml");
    const dockerfile = read("Dockerfile");
    for (const name of scripts) {
      expect(recipe).toContain(`copy = "${name}"\nto = "/usr/local/lib/golden/${name}"`);
      expect(dockerfile).toMatch(new RegExp(`^COPY .*\\b${name} `, "m"));
      const run = recipe.indexOf(`sh /usr/local/lib/golden/${name}"`);
      if (run !== -1) expect(recipe.indexOf(`copy = "${name}"`)).toBeLessThan(run);
    }
  });
});

describe("pins", () => {
  test("are what they should be", () => {
    expect(PINS["DOCKER_KEY_FINGERPRINT"]).toBe("9DC858229FC7DD38854AE2D88D81803C0EBFCD88");
    const of = (pattern: RegExp): readonly (readonly [string, string])[] => Object.entries(PINS).filter(([name]) => pattern.test(name));
    expect(of(/_VERSION$/).length).toBe(6);
    for (const [name, value] of of(/_VERSION$/)) expect([name, value]).toEqual([name, expect.stringMatching(/^\d+\.\d+\.\d+$/)]);
    expect(of(/_SHA256/).length).toBe(5);
    // What cannot be had yet is not pinned, and so it is refused.
    const open = of(/_SHA256/).filter(([, value]) => value === "");
    expect(open.map(([name]) => name)).toEqual(["MISE_SHA256_arm64"]);
    for (const [name, value] of of(/_SHA256/)) expect([name, value]).toEqual([name, expect.stringMatching(/^(?:[0-9a-f]{64})?$/)]);
    expect(PINS["DOCKER_SOURCE"]).toMatch(/^https:\/\//);
    // Whoever builds has one.
    expect(PINS["NPM_REGISTRY"]).toBe("");
  });

  test.each(["A=$(reboot)", "A=1; reboot", "A='1'", "export A=1", "A=`id`", "A=1 B=2", "nonsense"])("are not this: %s", (line) => {
    expect(() => readPins(`${line}\n`)).toThrow("this is no pin");
  });

  test("are there once", () => {
    expect(() => readPins("A=1\nA=2\n")).toThrow("A is there twice");
  });

  test("give way to others, by a name that there is", () => {
    const changed = withPins(read("pins.sh"), ["DOCKER_FROM=debian", "MISE_SHA256_arm64=ab"]);
    expect(readPins(changed)).toEqual({ ...PINS, DOCKER_FROM: "debian", MISE_SHA256_arm64: "ab" });
    for (const wrong of ["NO_SUCH=1", "DOCKER_FROM", "DOCKER_FROM=a b", "DOCKER_FROM=$(id)"]) {
      expect(() => withPins(read("pins.sh"), [wrong])).toThrow(`cannot pin ${wrong}`);
    }
  });
});

test("the kernel of the recipe gives way to another", () => {
  expect(parse(withKernel(read("recipe.toml"), "debian-6.12"))["kernel"]).toBe("debian-6.12");
  expect(() => withKernel(read("recipe.toml"), 'x"\ny')).toThrow("that is no name of one");
});
