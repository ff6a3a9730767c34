/** What the command line does itself, with the user's keys and logins, put together: where no daemon takes part. */
import { join } from "node:path";
import { checkPublish, publishBundle } from "../catalog/publish/publish.ts";
import { checkPush, pushBundle } from "../catalog/publish/push-bundle.ts";
import { makeKeyFiles } from "../catalog/signing/make-key-files.ts";
import { signDocument } from "../catalog/signing/sign-document.ts";
import { verifyDocument } from "../catalog/signing/verify-document.ts";
import type { LocalWork, Scratch } from "../contract/local-work.ts";
import { readBundleEntry as readImageEntry } from "../images/bundle/read-bundle-entry.ts";
import { readBundleEntry as readKernelEntry } from "../kernels/bundle/read-bundle-entry.ts";
import { runUnrecorded, type OperationContext } from "../operations/operations.ts";
import type { System } from "../system/system.ts";
import type { Config } from "./config.ts";

/** Secret keys are the user's: the daemon never sees one. */
export function wireSigning(open: () => System): Pick<LocalWork, "signDocument" | "verifyDocument" | "makeKey"> {
  return {
    signDocument: (request) => signDocument(open(), request),
    verifyDocument: (request) => verifyDocument(open(), request),
    makeKey: (path) => makeKeyFiles(open(), path),
  };
}

/** Credentials are the user's, too. @param variables the user's environment. */
export function wirePublishing(
  open: () => System,
  variables: Readonly<Record<string, string | undefined>>,
  readConfig: (system: System) => Promise<Pick<Config, "registries">>,
): Pick<LocalWork, "checkPublish" | "checkPush" | "publish" | "push" | "openScratch"> {
  const openScratch: LocalWork["openScratch"] = async () => {
    const { files, layout, random } = open();
    const path = join(layout.downloads, `publish-${random.hex(8)}`);
    await files.makeFolder(path);
    return { path, [Symbol.asyncDispose]: () => files.removeTree(path) };
  };
  const withScratch = async <T>(body: (scratch: Scratch) => Promise<T>): Promise<T> => {
    await using scratch = await openScratch();
    return await body(scratch);
  };
  return {
    openScratch,
    checkPublish: (words) => checkPublish({ system: open(), variables }, words),
    checkPush: (words) => checkPush({ system: open(), variables }, words),
    publish: (request, onEvent, signal) => {
      const system = open();
      const work = async (context: OperationContext) => {
        const { description, type, ...rest } = request;
        const read = type === "kernel" ? readKernelEntry : readImageEntry;
        const entry = await withScratch(({ path }) => read(system, request.bundlePath, description, path, signal));
        return publishBundle({ system, variables }, { ...rest, entry }, context);
      };
      return runUnrecorded(system.clock, work, onEvent, signal);
    },
    push: async (request, onEvent, signal) => {
      const system = open();
      const { registries: settings } = await readConfig(system);
      const work = (context: OperationContext) => pushBundle({ system, variables, settings }, request, context);
      return runUnrecorded(system.clock, work, onEvent, signal);
    },
  };
}
