/**
 * The golden image, built from Debian's archive by the script that makes its bundles, and used.
 *
 * BANGER_TEST_FULL: the whole one, with tools from the registry of npm, and Docker from Debian.
 */
import { expect, setDefaultTimeout, test } from "bun:test";
import { spawn } from "node:child_process";
import { copyFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { copyGoods } from "../support/copy-goods.ts";
import { IMAGE, openGoods } from "../support/goods.ts";
import { isFull } from "../support/seeded.ts";
import { REPOSITORY, withWorld, type World } from "../support/world.ts";

setDefaultTimeout(isFull ? 7_200_000 : 900_000);

/** What a script of the project prints, both streams together, and its exit code. */
async function script(world: World, name: string, ...words: readonly string[]): Promise<{ readonly code: number; readonly text: string }> {
  const child = spawn("node", [join(REPOSITORY, "scripts", name), ...words], { env: world.environment, stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part: Buffer) => (text += String(part)));
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  child.once("error", reject);
  child.once("close", (code) => resolve(code ?? 128));
  return { code: await promise, text };
}

async function sh(world: World, vm: string, line: string): Promise<string> {
  return (await world.ok(["vm", "exec", vm, "--", "sh", "-c", line], { timeoutMs: 300_000 })).trim();
}

const SSHD = "for i in $(seq 240); do systemctl -q is-active ssh && break; sleep 0.5; done; systemctl is-active ssh";
const IDENTITY = "cat /etc/machine-id; cut -d ' ' -f 2 /etc/ssh/ssh_host_*_key.pub";
/** What only the build needs, and what is had again by apt. */
const TRACES = "ls -d /usr/local/lib/golden /usr/sbin/policy-rc.d /var/lib/apt/lists/* /root/.npm /root/.cache 2>/dev/null || true";

/** Nobody wants to hear after an hour of work that it was not said where to. */
test("whoever does not say where to publish is told at once", async () => {
  await withWorld({ isolatedGoods: true }, async (world) => {
    const refused = await script(world, "publish-golden-image.mjs");
    expect(refused).toEqual({
      code: 1,
      text: expect.stringContaining("cannot publish the golden image: it is not said where to\nTry: -- --to"),
    });
  });
});

test("the slim image is built, bundled, and the default image of vms that are nobody else", async () => {
  const { kernel } = await openGoods();
  await withWorld({ isolatedGoods: true, config: 'default_image = "golden-slim"\n' }, async (world) => {
    copyGoods(world, [
      ["kernels", kernel],
      ["images", IMAGE],
    ]);
    const into = join(world.folder, "dist");
    const words = ["--skip-upload", "--variant", "slim", "--from", IMAGE, "--kernel", kernel, "--into", into];
    const made = await script(world, "publish-golden-image.mjs", ...words);
    expect(made).toMatchObject({ code: 0, text: expect.stringContaining('default_image = "golden-slim"\n') });
    const [bundle = "", ...others] = readdirSync(into);
    expect([bundle, others]).toEqual([expect.stringMatching(/^golden-slim-amd64-[0-9a-f]{16}\.tar\.zst$/), []]);
    expect(await world.json(["image", "show", "golden-slim"])).toMatchObject({
      init: "systemd",
      kernelRef: kernel,
      env: expect.arrayContaining(["LANG=C.UTF-8"]),
      problems: [],
    });
    // Unchanged, it is the same file again.
    const bytes = statSync(join(into, bundle)).size;
    expect(await script(world, "publish-golden-image.mjs", ...words)).toMatchObject({
      code: 0,
      text: expect.stringContaining("nothing has changed"),
    });
    expect([readdirSync(into), statSync(join(into, bundle)).size]).toEqual([[bundle], bytes]);

    const identities: string[][] = [];
    for (const vm of ["one", "two"]) {
      await world.ok(["vm", "create", vm], { timeoutMs: 300_000 });
      expect(await sh(world, vm, SSHD)).toBe("active");
      expect(await sh(world, vm, "cat /proc/1/comm; echo $LANG")).toBe("systemd\nC.UTF-8");
      expect(await sh(world, vm, "for name in curl ip sshd; do command -v $name > /dev/null || echo no $name; done")).toBe("");
      expect(await sh(world, vm, "sshd -T | grep -E '^(permitrootlogin|passwordauthentication|hostkey) '")).toBe(
        "permitrootlogin without-password\npasswordauthentication no\nhostkey /etc/ssh/ssh_host_ed25519_key",
      );
      expect(await sh(world, vm, `systemctl --failed --plain --no-legend; ${TRACES}`)).toBe("");
      identities.push((await sh(world, vm, IDENTITY)).split("\n"));
      await world.ok(["vm", "delete", "--force", vm]);
    }
    const [one = [], two = []] = identities;
    expect([one.length, two.length, one.filter((part) => two.includes(part))]).toEqual([2, 2, []]);
  });
});

/** Where this computer gets what npm has, and whom it trusts for it: a proxy may have an authority of its own. */
async function addAuthorities(world: World, kernel: string): Promise<void> {
  copyFileSync("/etc/ssl/certs/ca-certificates.crt", join(world.folder, "authorities.crt"));
  const recipe = join(world.folder, "authorities.toml");
  writeFileSync(recipe, '[[steps]]\ncopy = "authorities.crt"\nto = "/etc/ssl/certs/ca-certificates.crt"\n');
  const words = ["--from-image", IMAGE, "--kernel-ref", kernel, "-f", recipe];
  await world.ok(["image", "build", "trusting", ...words], { timeoutMs: 600_000 });
}

function npmRegistry(): string {
  return String(Bun.spawnSync(["npm", "config", "get", "registry"]).stdout)
    .trim()
    .replace(/\/$/, "");
}

const TOOLS: readonly (readonly [line: string, said: RegExp])[] = [
  ["node --version", /^v24\.\d+\.\d+$/],
  ["npm --version", /^\d+\.\d+\.\d+$/],
  ["opencode --version", /^\d+\.\d+\.\d+$/],
  ["claude --version", /^\d+\.\d+\.\d+ \(Claude Code\)$/],
  ["pi --version", /^\d+\.\d+\.\d+$/],
  ["mise --version", /^20\d\d\.\d+\.\d+ linux-x64/],
  ["node -p '[1, 2].map((n) => n * 21).join()'", /^21,42$/],
  ["echo '{\"a\":[1,2]}' | jq -c .a", /^\[1,2\]$/],
  ["cd /etc && rg -l '^root:' passwd", /^passwd$/],
  ["fd -d 1 os-release /etc", /^\/etc\/os-release$/],
  ["tmux -f /dev/null new-session -d 'sleep 60' && tmux list-sessions | cut -c 1-9", /^0: 1 wind/],
  ["htop --version", /^htop \d/],
  ["echo 'echo $x' | shellcheck - || true", /SC2086/],
  ["cd /tmp && git init -q work && git -C work status --porcelain=v2 --branch | head -1", /^# branch\.oid \(initial\)$/],
  ["cd /tmp && echo 'int main(void) { return 42; }' > a.c && gcc -o a a.c && { ./a; echo $?; }", /^42$/],
  ["docker-compose --version", /^[Dd]ocker[- ][Cc]ompose version/],
];

/** A container image of what a shell needs, made inside. */
const MAKE_CONTAINER =
  "tar -ch -C / bin/sh bin/cat $(ldd /bin/sh /bin/cat | grep -o '/lib[^ ]*' | grep -v : | sort -u | cut -c 2-) | docker import - little";

if (isFull) {
  test("the whole image is built, its tools start, and Docker runs in it", async () => {
    const { kernel } = await openGoods();
    await withWorld({ isolatedGoods: true }, async (world) => {
      copyGoods(world, [
        ["kernels", kernel],
        ["images", IMAGE],
      ]);
      await addAuthorities(world, kernel);
      const pins = ["--pin", "DOCKER_FROM=debian", "--pin", `NPM_REGISTRY=${npmRegistry()}`];
      const words = ["--variant", "full", "--from", "trusting", "--kernel", kernel, "--into", join(world.folder, "dist"), ...pins];
      const made = await script(world, "make-golden-bundle.mjs", ...words);
      if (made.code !== 0) throw new Error(made.text.split("\n").slice(-60).join("\n"));
      console.log(
        made.text
          .split("\n")
          .filter((line) => /^(?:golden|step|export)/.test(line))
          .join("\n"),
      );

      await world.ok(["vm", "create", "dev", "--image", "golden", "--memory", "2G"], { timeoutMs: 300_000 });
      expect(await sh(world, "dev", SSHD)).toBe("active");
      expect(await sh(world, "dev", `systemctl --failed --plain --no-legend; ${TRACES}`)).toBe("");
      for (const [line, said] of TOOLS)
        expect([line, await sh(world, "dev", `{ ${line}; } < /dev/null`)]).toEqual([line, expect.stringMatching(said)]);
      const up = "for i in $(seq 240); do docker info > /dev/null 2>&1 && break; sleep 0.5; done";
      expect(await sh(world, "dev", `${up}; docker info --format '{{.Driver}} {{.DockerRootDir}}'`)).toBe(
        "overlay2 /root/.local/share/docker",
      );
      expect(await sh(world, "dev", MAKE_CONTAINER)).toMatch(/^sha256:[0-9a-f]{64}$/);
      const inside = "echo hello from a container; echo $$; test -e /usr/bin/docker || echo apart";
      expect(await sh(world, "dev", `docker run --rm little /bin/sh -c '${inside}'`)).toBe("hello from a container\n1\napart");
    });
  });
}
