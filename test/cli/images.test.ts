/** What is said of images: of those that share what they have, and of what becomes of them. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { openHome } from "./home.ts";

// Several programs start here, on computers that may be busy.
setDefaultTimeout(60_000);

test("a further name, a bundle, and what is shown of an image", async () => {
  await using home = openHome();
  await home.banger(["image", "pull", "debian-bookworm"]);
  expect(await home.banger(["image", "tag", "debian-bookworm", "base"])).toMatchObject({ code: 0, stdout: "image base is here\n" });
  expect((await home.banger(["image", "ls", "-q"])).stdout.split("\n").toSorted()).toEqual(["", "base", "debian-bookworm"]);
  const list = await home.banger(["image", "list"]);
  expect(list.stdout).toMatch(/^NAME +DISTRO +KERNEL +SOURCE +SIZE +SHARED +CREATED +USED BY\n/);
  const shown = await home.banger(["image", "show", "base"]);
  expect(shown.stdout).toMatch(/^base +squashfs, 900 B$/m);
  expect(shown.stdout).toMatch(/^work seed +2\.0 KiB, of which 100 B on disk$/m);
  expect(JSON.parse((await home.banger(["image", "show", "base", "--json"])).stdout)).toMatchObject({
    name: "base",
    sharedBytes: 0,
    sharedWith: [],
    base: { format: "squashfs", bytes: 900, usedBytes: 900 },
    reference: null,
    layers: [],
  });
  expect(await home.banger(["image", "rename", "debian-bookworm", "deb"])).toMatchObject({
    code: 0,
    stdout: "the image is now called deb\n",
  });
  const into = await home.banger(["image", "bundle", "base", "--into", home.path]);
  expect(into).toMatchObject({ code: 0, stdout: `${join(home.path, "base-amd64-00.tar.zst")}\n` });
  expect(await home.banger(["image", "bundle", "none", "--into", home.path])).toMatchObject({ code: 1 });
  expect(await home.banger(["image", "tag", "none", "x"])).toMatchObject({ code: 1 });
  expect(await home.banger(["image", "tag", "base", "Not A Name"])).toMatchObject({ code: 2 });
});
