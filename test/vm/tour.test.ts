/** The tour of README.md, word for word and in order, by the built binary, as somebody at a terminal types it. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { openGoods } from "../support/goods.ts";
import { BANGER, REPOSITORY, withWorld, type World } from "../support/world.ts";

setDefaultTimeout(600_000);

const readme = readFileSync(join(REPOSITORY, "README.md"), "utf8");
const tour = /^## Two minutes\n.*?```sh\n(.*?)```/ms.exec(readme)?.[1] ?? "";
const lines = tour.split("\n").filter((line) => line !== "");

test("each line of the tour does what it says", async () => {
  await openGoods();
  await withWorld({}, async (world) => {
    const said = new Map<string, string>();
    for (const line of lines) said.set(wordsOf(line), await type(world, line));

    expect([...said.keys()].filter((words) => words.startsWith("banger ")).length).toBeGreaterThan(8);
    expect(said.get("banger ps")).toMatch(/dev +running/);
    expect(said.get("banger exec dev -- uname -a")).toMatch(/^Linux dev /m);
    expect(said.get("banger shell dev")).toContain("logout");
    expect(said.get("banger exec dev -- head -n 1 notes.md")).toContain("# banger");
    expect(said.get("banger run --ephemeral -- cat /etc/os-release")).toContain("Debian");
    expect(await world.json(["ps"])).toEqual({ vms: [] });
  });
});

/** A line without its remark. */
function wordsOf(line: string): string {
  return line.replace(/ +# .*$/, "");
}

/** Types a line at a terminal in the checkout, and `exit` where it is to a shell; what is then on the screen. Throws unless it ends with 0. */
async function type(world: World, line: string): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  let hasLeft = false;
  const child = Bun.spawn(["sh", "-c", line], {
    cwd: REPOSITORY,
    env: { ...world.environment, PATH: `${dirname(BANGER)}:${world.environment["PATH"] ?? ""}`, TERM: "xterm" },
    terminal: {
      cols: 100,
      rows: 30,
      data: (terminal, data) => {
        text += decoder.decode(data, { stream: true });
        if (hasLeft || !/ shell /.test(line) || !/# $/.test(text)) return;
        hasLeft = true;
        terminal.write("exit\n");
      },
    },
  });
  const code = await child.exited;
  if (code !== 0) throw new Error(`${line}\nended with ${code}:\n${text}`);
  return text;
}
