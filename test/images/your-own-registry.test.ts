/** The page about one's own registry, word for word: what stands in it is what is typed here. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { copyGoods } from "../support/copy-goods.ts";
import { startDockerRegistry } from "../support/docker-registry.ts";
import { openGoods } from "../support/goods.ts";
import { pushMuslImage } from "../support/musl-image.ts";
import { BANGER, REPOSITORY, withWorld } from "../support/world.ts";

setDefaultTimeout(900_000);

const page = readFileSync(join(REPOSITORY, "docs/your-own-registry.md"), "utf8");
const blocks = [...page.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, kind = "", text = ""]) => ({ kind, text }));
const textOf = (kind: string): readonly string[] => blocks.filter((block) => block.kind === kind).map(({ text }) => text);

test("an image of a registry is pulled, built on, worked in, promoted, published, and pulled into another home", async () => {
  const { debianKernel } = await openGoods();
  await withWorld({ isolatedGoods: true, isolatedCache: true }, async (world) => {
    const { folder } = world;
    copyGoods(world, [["kernels", debianKernel]]);
    const registry = await startDockerRegistry(folder, "registry", "open");
    const second = join(folder, "second");
    const type = (script: string): { readonly code: number; readonly stdout: string; readonly stderr: string } => {
      const words = script.replaceAll("registry.example:5000", registry.host).replace(/\bKEY\b/, () => keyOf(folder));
      const env = { ...world.environment, PATH: `${dirname(BANGER)}:${world.environment["PATH"]}` };
      const ran = Bun.spawnSync(["bash", "-eu", "-c", words], { cwd: folder, env, stdout: "pipe", stderr: "pipe" });
      const said = { code: ran.exitCode, stdout: ran.stdout.toString(), stderr: ran.stderr.toString() };
      if (said.code !== 0) throw new Error(`${words}\nended with ${said.code}\n${said.stdout}\n${said.stderr}`);
      return said;
    };
    try {
      pushMuslImage(folder, [], `${registry.host}/acme/base:v1`, []);
      writeFileSync(join(folder, "recipe.toml"), textOf("toml")[0] ?? "");
      const [pulled, built, promoted, published, elsewhere, ...more] = textOf("sh");
      expect(more).toEqual([]);
      expect(type(pulled ?? "").stdout).toMatch(/\n6\.12\..*\n$/);
      expect(type(built ?? "").stderr).toContain("nothing has changed");
      expect(type(promoted ?? "").stderr).toContain("left out: .netrc");
      expect(type(published ?? "").stdout).toContain(registry.host);
      // The other home needs the kernel, too.
      mkdirSync(join(second, "data"), { recursive: true });
      cpSync(join(folder, "data/banger/kernels"), join(second, "data/kernels"), { recursive: true });
      expect(type(elsewhere ?? "").stdout.endsWith(textOf("")[0] ?? "nothing")).toBe(true);
      expect(await world.json(["image", "list"], { env: { BANGER_HOME: second } })).toMatchObject({
        images: [{ name: "ready", source: "bundle" }],
      });
    } finally {
      await world.banger(["daemon", "stop"], { env: { BANGER_HOME: second } });
      registry.end();
      rmSync(second, { recursive: true, force: true });
    }
  });
});

function keyOf(folder: string): string {
  return readFileSync(join(folder, "acme.key.pub"), "utf8").trim().split("\n").at(-1) ?? "";
}
