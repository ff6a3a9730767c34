/**
 * Two versions of banger on one computer, as before and after an upgrade: commands of one and a daemon of the other, and vms that outlive the
 * daemon that started them. Whatever meets works, or refuses and says what to type.
 */
import { beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { VERSION } from "../../src/contract/version.ts";
import { openGoods, type Goods } from "../support/goods.ts";
import { buildOtherProtocol, buildOtherVersion, OTHER_VERSION } from "../support/other-build.ts";
import { BANGER, withWorld, type Ran } from "../support/world.ts";
import { findLeftovers, listVms } from "../support/world-state.ts";

setDefaultTimeout(120_000);

const FAKE = { config: '[drivers]\norder = ["fake"]\n' };

let goods: Goods;
let other: string;
beforeAll(async () => {
  goods = await openGoods();
  other = await buildOtherVersion();
});

interface Side {
  readonly program: string;
  readonly version: string;
}
const ours = (): Side => ({ program: BANGER, version: VERSION });
const theirs = (): Side => ({ program: other, version: OTHER_VERSION });

test.each([
  ["an older command line and a newer daemon", theirs, ours],
  ["a newer command line and an older daemon", ours, theirs],
] as const)("%s", async (_name, client, daemon) => {
  await withWorld(FAKE, async (world) => {
    const [command, server] = [client(), daemon()];
    await world.ok(["vm", "create", "dev", "--kernel", goods.kernel], server);
    const [before] = listVms(world);
    const pid = world.daemonPid();

    for (const words of [
      ["ps"],
      ["vm", "show", "dev"],
      ["vm", "stop", "dev"],
      ["exec", "dev", "--", "true"],
      ["logs", "-f", "dev"],
      ["console", "dev"],
      ["cp", "dev:/etc/hostname", world.folder],
      ["stats"],
    ]) {
      const ran = await world.banger(words, command);
      expect({ words, ...ran }).toMatchObject({ words, code: words[0] === "exec" ? 125 : 1 });
      expectRefused(words, ran, command, server);
    }
    expect(await world.banger(["internal", "complete", "bash", "--", "rm", ""], command)).toEqual({ code: 0, stdout: "", stderr: "" });
    // What only looks tells of the other.
    expect(await world.ok(["daemon", "status"], command)).toContain(
      `this is banger ${command.version}: run banger daemon stop, and the next command starts the new one`,
    );
    expect(await world.ok(["version", "--all"], command)).toMatch(
      new RegExp(`^daemon +${RegExp.escape(server.version)} .*banger daemon stop`, "m"),
    );
    expect((await world.banger(["doctor"], command)).stdout).toContain("banger daemon stop");
    expect(world.daemonPid()).toBe(pid);

    expect(await world.ok(["daemon", "stop"], command)).toContain(`stopped the daemon (pid ${pid}); vms run on`);
    // The vm that the other one started is used through this one.
    expect(await world.ok(["exec", "dev", "--", "echo", "here"], command)).toBe("here\n");
    expect(await world.ok(["daemon", "status"], command)).toContain(`banger ${command.version} runs`);
    expect(listVms(world)).toEqual([before as never]);
    await world.ok(["stop", "dev"], command);
    await world.ok(["start", "dev"], command);
    await world.ok(["daemon", "stop"], server);
    await world.ok(["vm", "delete", "--force", "dev"], server);
    expect(findLeftovers(world)).toEqual([]);
    await world.ok(["daemon", "stop"]);
  });
});

function expectRefused(words: readonly string[], { stdout, stderr }: Ran, { version }: Side, server: Side): void {
  expect({ words, said: stdout + stderr }).toEqual({
    words,
    said: `error: cannot do it: this is banger ${version}, and the daemon that runs is ${server.version}\ntry: banger daemon stop\n`,
  });
}

test("a vm whose agent speaks another protocol than the daemon is told as such, and lives", async () => {
  const program = await buildOtherProtocol();
  await withWorld(FAKE, async (world) => {
    await world.ok(["vm", "create", "dev", "--kernel", goods.kernel]);
    const [before] = listVms(world);
    await world.ok(["daemon", "stop"]);

    const message =
      "vm dev was started by another version of banger: cannot talk to the guest agent: it speaks protocol 1, and this banger speaks 2";
    const hint = "banger vm stop dev, which cannot ask it to power off, and banger vm start dev; or use the version that started it";
    for (const words of [
      ["exec", "dev", "--", "true"],
      ["cp", "dev:/etc/hostname", world.folder],
      ["ports", "dev"],
    ]) {
      const { code, stdout, stderr } = await world.banger(words, { program });
      expect({ words, code, said: stdout + stderr }).toEqual({
        words,
        code: words[0] === "exec" ? 125 : 1,
        said: expect.stringContaining(`error: ${message}\ntry: ${hint}\n`),
      });
    }
    expect(await world.ok(["vm", "show", "dev"], { program })).toContain(message);
    // A start goes with the daemon that can talk to it; nothing has touched the vm.
    expect(listVms(world)).toEqual([before as never]);
    await world.ok(["daemon", "stop"]);
    expect(await world.ok(["exec", "dev", "--", "echo", "here"])).toBe("here\n");

    await world.ok(["daemon", "stop"]);
    await world.ok(["vm", "stop", "dev"], { program });
    expect(listVms(world)).toMatchObject([{ name: "dev", state: "stopped" }]);
    await world.ok(["daemon", "stop"], { program });
    await world.ok(["vm", "start", "dev"]);
    expect(await world.ok(["exec", "dev", "--", "echo", "here"])).toBe("here\n");
  });
});
