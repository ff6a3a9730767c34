/** Images by Dockerfiles, by the real buildah; nothing of a build is left, however it ends. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { killDaemon } from "../support/kill-daemon.ts";
import { until } from "../support/until.ts";
import { withWorld, type World } from "../support/world.ts";

setDefaultTimeout(120_000);

const BUSYBOX = `FROM scratch AS base
COPY bin/busybox /bin/
RUN ["/bin/busybox", "--install", "-s", "/bin"]
`;

/** Writes a Dockerfile with busybox beside it, and gives its path. */
function write(world: World, text: string, name = "Dockerfile"): string {
  const folder = join(world.folder, "context");
  mkdirSync(join(folder, "bin"), { recursive: true });
  copyFileSync("/bin/busybox", join(folder, "bin/busybox"));
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

/** What a build has on disk while it goes on. */
const leftOf = (world: World): readonly string[] => {
  const folder = join(world.folder, "data/banger/buildah");
  return existsSync(folder) ? readdirSync(folder) : [];
};
/** Those that have this in their arguments. */
const running = (words: string): readonly number[] => {
  const { stdout } = Bun.spawnSync(["pgrep", "-f", words]);
  return stdout.toString().split("\n").filter(Boolean).map(Number);
};
const imagesOf = async (world: World): Promise<readonly string[]> =>
  (await world.json<{ images: readonly { name: string }[] }>(["image", "list"])).images.map(({ name }) => name);

test("a Dockerfile makes an image: stages, arguments, files beside it, and what it says of commands", async () => {
  await withWorld({ isolatedGoods: true, isolatedCache: true }, async (world) => {
    const path = write(
      world,
      `${BUSYBOX}
FROM base
ARG GREETING=none
RUN echo "greets: $GREETING" && mkdir -p /etc && echo ID=little > /etc/os-release
ENV A=b PATH=/bin
WORKDIR /srv
USER 1000:1000
ENTRYPOINT ["/bin/busybox"]
CMD ["true"]
FROM scratch AS other
COPY --from=base /bin/busybox /other
`,
      "Dockerfile.web",
    );
    const built = await world.banger([
      "image",
      "build",
      "web",
      "-f",
      path,
      "--target",
      "1",
      "--build-arg",
      "GREETING=hello=1",
      "--kernel-ref",
      "k",
    ]);
    expect(built.code).toBe(0);
    expect(built.stderr).toContain("greets: hello=1");
    expect(await world.json(["image", "show", "web"])).toMatchObject({
      source: "build",
      distro: "little",
      kernelRef: "k",
      init: "agent",
      reference: null,
      env: ["A=b", "PATH=/bin"],
      commands: { user: "1000:1000", workingDir: "/srv", entrypoint: ["/bin/busybox"], cmd: ["true"] },
      problems: [],
    });
    expect(leftOf(world)).toEqual([]);

    const other = ["image", "build", "web", join(world.folder, "context"), "-f", path, "--target", "other"];
    expect(await world.banger(other)).toMatchObject({ code: 1, stderr: expect.stringContaining("there is an image web already") });
    await world.ok([...other, "--replace"]);
    expect(await world.json(["image", "show", "web"])).toMatchObject({ distro: null, env: expect.not.arrayContaining(["A=b"]) });
    // Of what buildah made no layer is kept besides the image.
    const downloads = join(world.folder, "cache/banger/downloads");
    for (const name of readdirSync(downloads)) expect(statSync(join(downloads, name)).size).toBeLessThan(16 * 1024);
  });
});

test("a step has no device of this computer but those that every program needs, and leaves nothing in its memory", async () => {
  await withWorld({ isolatedGoods: true, isolatedCache: true }, async (world) => {
    const trace = `/dev/shm/banger-trace-${process.pid}`;
    const looks = [
      `find /dev ! -type d ! -path '/dev/pts/*' | sort`,
      `echo trace > ${trace}`,
      "head -c 3 /dev/zero | wc -c",
      "head -c 3 /dev/urandom | wc -c",
      "echo gone > /dev/null",
      "echo as before > /dev/stdout",
    ];
    const path = write(world, `${BUSYBOX}RUN ${looks.join(" && ")}\n`);
    const { code, stderr } = await world.banger(["image", "build", "web", "-f", path]);
    const isLeft = existsSync(trace);
    rmSync(trace, { force: true });
    expect({ code, isLeft }).toEqual({ code: 0, isLeft: false });
    const shown = stderr.split("\n").flatMap((line) => /^ +(\/dev\/\S+)$/.exec(line)?.[1] ?? []);
    const needed = ["fd", "full", "null", "ptmx", "random", "stderr", "stdin", "stdout", "tty", "urandom", "zero"];
    expect(shown).toEqual(needed.map((name) => `/dev/${name}`));
    expect(stderr).toContain("as before");
  });
});

describe("what goes wrong leaves nothing, and says what", () => {
  test("words that are not for it, a Dockerfile that fails, and a base that nobody has", async () => {
    await withWorld({ isolatedGoods: true, isolatedCache: true }, async (world) => {
      const path = write(world, BUSYBOX);
      const build = (...words: readonly string[]) => world.banger(["image", "build", "web", "-f", ...words]);
      const refused: readonly (readonly [words: readonly string[], says: string])[] = [
        [[path, "--from-image", "debian-bookworm"], "cannot build image web by Dockerfile with --from-image: its FROM says"],
        [[path, "--groups", "A"], "by Dockerfile with --groups"],
        [[path, "--target", "--help"], "--target"],
        [["recipe.toml"], "it was not said of which image"],
        [["recipe.toml", "--from-image", "a", "--build-arg", "A=b"], "by the recipe recipe.toml with --build-arg"],
        [[join(world.folder, "Dockerfile")], "Dockerfile"],
        [[world.folder + "/context/bin.dockerfile"], "bin.dockerfile"],
      ];
      mkdirSync(join(world.folder, "context/bin.dockerfile"));
      for (const [words, says] of refused) {
        const ran = await build(...words);
        expect(ran.code).not.toBe(0);
        expect(ran.stderr).toContain(says);
      }
      write(world, `${BUSYBOX}RUN echo "it prints \\033[31mred"; exit 7\n`);
      const failed = await build(path);
      expect(failed.code).toBe(1);
      expect(failed.stderr).toContain("cannot build image web: buildah ended with code");
      expect(failed.stderr).toContain("exit status 7");
      expect(failed.stderr).toContain("it prints");
      write(world, "FROM nowhere.invalid/nobody\n");
      expect(await build(path)).toMatchObject({ code: 1, stderr: expect.stringContaining("cannot build image web") });
      write(world, "FROM scratch\nCOPY ../../../../../etc/passwd /passwd\n");
      expect((await build(path)).code).toBe(1);
      expect(await imagesOf(world)).toEqual([]);
      expect(leftOf(world)).toEqual([]);
    });
  });

  test("without buildah, what to type", async () => {
    await withWorld({ isolatedGoods: true, isolatedCache: true, env: { PATH: "FOLDER/bin" } }, async (world) => {
      const path = write(world, BUSYBOX);
      const ran = await world.banger(["image", "build", "web", "-f", path]);
      expect(ran.code).toBe(1);
      expect(ran.stderr).toContain("built by buildah, which is not installed");
      expect(ran.stderr).toContain("sudo apt install buildah");
    });
  });

  test("a build that is cancelled, and one whose daemon is killed, end with all that they have started", async () => {
    await withWorld({ isolatedGoods: true, isolatedCache: true }, async (world) => {
      const seconds = String(40_000 + process.pid);
      const path = write(world, `${BUSYBOX}RUN echo begun; setsid sleep ${seconds}\n`);
      const sleeping = () => running(`^(setsid )?sleep ${seconds}`);
      const build = async () => {
        const building = world.banger(["image", "build", "web", "-f", path]);
        await until("it sleeps", () => sleeping().length > 0);
        return { building };
      };
      const { building: cancelled } = await build();
      const { operations } = await world.json<{ operations: readonly { id: string; state: string }[] }>(["operation", "list"]);
      const started = Date.now();
      await world.ok(["operation", "cancel", operations.find(({ state }) => state === "running")?.id ?? ""]);
      expect(Date.now() - started).toBeLessThan(5000);
      expect((await cancelled).stderr).toContain("cancelled");
      expect(sleeping()).toEqual([]);
      expect(leftOf(world)).toEqual([]);

      const { building: killed } = await build();
      const [folder = ""] = leftOf(world);
      await killDaemon(world);
      await killed;
      expect(await imagesOf(world)).toEqual([]);
      await until("nothing sleeps", () => sleeping().length === 0);
      await until("nothing of it is on disk", () => leftOf(world).length === 0);
      expect(running(folder)).toEqual([]);
      const findings = await world.ok(["doctor"]).catch(String);
      expect(findings).not.toContain(folder);

      // As after the loss of the database.
      const forgotten = join(world.folder, "data/banger/buildah", folder, "root");
      mkdirSync(forgotten, { recursive: true });
      const fixed = await world.banger(["doctor", "--fix"]);
      expect(fixed.stdout).toContain(`buildah/${folder}`);
      expect(leftOf(world)).toEqual([]);
    });
  });
});
