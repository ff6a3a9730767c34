/** A kernel or an image from one home to another: published, found in a catalog that was added, and pulled. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ACCESS, type FakeS3 } from "../host/fake-s3.ts";
import type { World } from "./world.ts";

/** Publishes something of the maker, and has the user pull it. Returns what publishing said. */
export async function passOn(
  maker: World,
  user: World,
  [type, name]: readonly [type: "kernel" | "image", name: string],
  { endpoint }: FakeS3,
): Promise<string> {
  const at = (name: string): string => join(maker.folder, name);
  await maker.ok(["catalog", "keygen", at("acme.key")]);
  writeFileSync(at("catalog.json"), JSON.stringify({ schema: 1, name: "acme", entries: [] }));
  await maker.ok(["catalog", "sign", at("catalog.json"), "-s", at("acme.key"), "--valid-for", "90d"]);
  const place = ["--to", "s3://kernels/v1", "--endpoint", endpoint, "--catalog", at("catalog.json"), "-s", at("acme.key")];
  const said = await maker.ok([type, "publish", name, ...place], { env: ACCESS, timeoutMs: 300_000 });
  const key = readFileSync(at("acme.key.pub"), "utf8").trim().split("\n").at(-1) ?? "";
  await user.ok(["catalog", "add", "acme", at("catalog.json"), "--key", key]);
  await user.ok([type, "pull", name], { timeoutMs: 120_000 });
  return said;
}
