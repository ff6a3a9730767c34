/** Catalogs from their making to their removal, by the built binary. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { killDaemon } from "../support/kill-daemon.ts";
import { withWorld } from "../support/world.ts";

setDefaultTimeout(120_000);

test("a catalog stands in the config, and is fetched when it is first needed", async () => {
  await withWorld({}, async (world) => {
    const at = (name: string): string => join(world.folder, name);
    const { publicKey } = await world.json<{ publicKey: string }>(["catalog", "keygen", at("acme.key")]);
    const bundle = { url: "one.tar.zst", sha256: "0".repeat(64), bytes: 1000 };
    const entry = { type: "kernel", name: "one", distro: "d", arch: "amd64", description: "", bundle };
    writeFileSync(at("catalog.json"), JSON.stringify({ schema: 1, name: "acme", entries: [entry] }));
    await world.ok(["catalog", "sign", at("catalog.json"), "-s", at("acme.key"), "--valid-for", "30d"]);
    const table = `[[catalogs]]\nname = "acme"\nurl = "${at("catalog.json")}"\n`;
    const configPath = at("config/banger/config.toml");
    writeFileSync(configPath, table);
    expect(await world.banger(["catalog", "list"])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("line 1: catalogs.0.keys: "),
    });
    writeFileSync(configPath, `${table}keys = ["${publicKey}"]\n[drivers]\norder = ["fake"]\n`);
    expect(await world.ok(["catalog", "list"])).toMatch(/^acme +- +- +0 +config +file:\S+ +not fetched yet; banger catalog update acme$/m);
    // The bundle is nowhere; but that it is looked for means that the catalog was fetched.
    expect((await world.banger(["kernel", "pull", "one"])).stderr).toContain("one.tar.zst");
    expect(await world.ok(["catalog", "list"])).toMatch(/^acme +1 +\S+Z +1 +config +file:\S+$/m);
    expect(await world.banger(["catalog", "rm", "acme"])).toMatchObject({ code: 1, stderr: expect.stringContaining(configPath) });
    expect(await world.ok(["catalog", "update"])).toMatch(/^catalog acme is version 1, /);
    expect(await world.json(["catalog", "update"])).toMatchObject([{ name: "acme", source: "config" }]);
    await world.ok(["daemon", "stop"]);
    writeFileSync(configPath, "");
    expect(await world.ok(["catalog", "update"])).toContain("banger catalog add");
  });
});

test("a catalog is made, signed, added, updated over the daemon's death, and removed", async () => {
  await withWorld({ config: '[drivers]\norder = ["fake"]\n' }, async (world) => {
    const at = (name: string): string => join(world.folder, "published", name);
    mkdirSync(at("old"), { recursive: true });
    const { publicKey } = await world.json<{ publicKey: string }>(["catalog", "keygen", at("acme.key")]);
    const publish = async (...names: readonly string[]): Promise<void> => {
      const entries = names.map((name) => ({
        type: "kernel",
        name,
        distro: "banger",
        arch: "amd64",
        version: "6.12.1",
        description: `\u{202e}${name}`.slice(2),
        bundle: { url: `${name}.tar.zst`, sha256: "0".repeat(64), bytes: 12_345_678 },
      }));
      const before = names.length === 1 ? {} : { version: names.length - 1 };
      writeFileSync(at("catalog.json"), JSON.stringify({ schema: 1, name: "acme", ...before, entries }));
      await world.ok(["catalog", "sign", at("catalog.json"), "-s", at("acme.key"), "--valid-for", "30d"]);
    };
    await publish("one");
    for (const name of ["catalog.json", "catalog.json.minisig"]) copyFileSync(at(name), at(join("old", name)));
    expect(await world.ok(["catalog", "add", "acme", at("catalog.json"), "--key", publicKey])).toMatch(
      /^catalog acme is version 1, with 1 entry, good until \S+Z\n$/,
    );
    const shown = await world.ok(["catalog", "list"]);
    expect(shown).toMatch(/^acme +1 +\S+Z +1 +added +file:\/\/\S+catalog\.json$/m);
    expect(shown).toMatch(/^kernel +one +6\.12\.1 +bundle, 11\.8 MiB +acme /m);
    expect(shown).toMatch(/^kernel +debian-6\.12 +archive +banger /m);
    expect(shown).toMatch(/^image +debian-bookworm +for debian-6\.12 +archive +banger /m);

    await publish("one", "two");
    await killDaemon(world);
    expect(await world.json(["catalog", "update", "acme"])).toMatchObject({ version: 2, entryCount: 2, problem: null });

    for (const name of ["catalog.json", "catalog.json.minisig"]) copyFileSync(at(join("old", name)), at(name));
    expect(await world.banger(["catalog", "update", "acme"])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("its catalog.json is version 1, and version 2 was seen before"),
    });
    expect(await world.json<{ catalogs: { name: string; version: number }[] }>(["catalog", "list"])).toMatchObject({
      catalogs: [{ name: "banger" }, { name: "acme", version: 2 }],
    });
    expect(await world.ok(["catalog", "rm", "acme"])).toBe("removed catalog acme; what was pulled from it stays\n");
    expect(await world.banger(["catalog", "add", "acme", at("catalog.json")])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--key is missing"),
    });
    expect(await world.banger(["catalog", "add", "other", at("catalog.json"), "--key", publicKey])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("of a catalog that calls itself acme"),
    });
  });
});
