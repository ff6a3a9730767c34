/** Whether what a bundle became is the kernel that it says it is. */
import type { UnpackedBundle } from "../../catalog/catalog.ts";
import { BangerError } from "../../contract/errors.ts";
import { problemsOf, wordProblem } from "../../contract/problems-of.ts";
import { wordIssue } from "../../contract/word-issue.ts";
import type { System } from "../../system/system.ts";
import { requireBootable } from "../extract-vmlinux.ts";
import { bundleManifest, type BundleManifest } from "./bundle-manifest.ts";

/** What a kernel's bundle may have beside its manifest. */
export const BUNDLE_FILES = [
  { name: "vmlinux", maxBytes: 512 * 2 ** 20 },
  { name: "modules.cpio", maxBytes: 512 * 2 ** 20 },
];
const PROBLEMS_TOLD = 5;

export type Fail = (why: string, cause?: unknown) => never;

/** @param folder that it was unpacked into. @param fail words why it is no good. */
export async function verifyUnpacked(
  system: System,
  folder: string,
  { manifest, files }: UnpackedBundle,
  fail: Fail,
): Promise<BundleManifest> {
  const said = parsed(manifest, fail);
  const wanted = [["vmlinux", said.vmlinux] as const, ...(said.modules === null ? [] : [["modules.cpio", said.modules] as const])];
  for (const [name, { sha256, bytes }] of wanted) {
    const found = files.find((file) => file.name === name);
    if (found === undefined) return fail(`has no ${name}`);
    if (found.sha256 !== sha256 || found.bytes !== bytes) return fail(`has another ${name} than its manifest.json says`);
  }
  if (files.length !== wanted.length) return fail("has files that its manifest.json does not tell of");
  try {
    await requireBootable(system, `${folder}/vmlinux`, "vmlinux");
  } catch (error) {
    if (!(error instanceof BangerError)) throw error;
    return fail(`has a vmlinux that no vm could boot: ${error.message}`, error);
  }
  return said;
}

function parsed(text: string, fail: Fail): BundleManifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return fail(`has a manifest.json that is none: ${(error as Error).message}`, error);
  }
  const { success, data, error } = bundleManifest.safeParse(value, { error: wordIssue });
  if (success) return data;
  const problems = error.issues.flatMap(problemsOf).map(wordProblem).slice(0, PROBLEMS_TOLD);
  return fail(`has a manifest.json that is not as it should be: ${problems.join("; ")}`, error);
}
