import { BangerError } from "../../contract/errors.ts";
import { refuseInUse } from "../refuse-in-use.ts";
import type { OperationContext } from "../../operations/operations.ts";
import { isRemovable, kernelsOfImages, type Candidate } from "./list-candidates.ts";
import type { StorageParts } from "./storage.ts";

const BUSY = "a vm is being made or started, or goods are fetched";

/** Removes it, unless it is used by now; says why it stays, or undefined when it is gone. Throws what went wrong. */
export async function removeCandidate(candidate: Candidate, parts: StorageParts, context: OperationContext): Promise<string | undefined> {
  try {
    const done = await parts.gate.tryAlone(() => removeAlone(candidate, parts, context));
    return done === undefined ? BUSY : done.result;
  } catch (error) {
    // Gone meanwhile is gone.
    if (error instanceof BangerError && error.kind === "not_found") return undefined;
    if (error instanceof BangerError && error.kind === "refused") return error.message;
    throw error;
  }
}

/** Nobody makes a vm, starts one or fetches goods now: what is not used stays so until this ends. */
async function removeAlone(candidate: Candidate, parts: StorageParts, context: OperationContext): Promise<string | undefined> {
  const { kind, name, path } = candidate;
  const { images, kernels, vms } = parts;
  switch (kind) {
    case "image":
    case "kernel": {
      if (kind === "kernel" && (await kernelsOfImages(parts)).includes(name)) return "an image names it by now";
      await (kind === "image" ? images : kernels).delete(name, () => refuseInUse(vms, kind, name));
      return undefined;
    }
    case "vm": {
      const vm = (await vms.list()).find(({ id }) => id === candidate.vmId);
      if (vm === undefined) return undefined;
      if (isRemovable(vm) === undefined) return `it is ${vm.state} by now`;
      await vms.delete(vm.id, { force: false }, context);
      return undefined;
    }
    case "blank":
    case "download":
    case "initrd":
    case "agent":
      if (path === undefined) return undefined;
      if (kind === "initrd" && !(await parts.kernels.findUnusedInitrds()).includes(path)) return "a kernel boots with it by now";
      return removeFile(path, parts, context);
    case "build cache":
      await parts.builds.forgetStep(name);
      return undefined;
    case "operation":
      parts.operations.forgetEnded(candidate.usedAt + 1);
      return undefined;
  }
}

async function removeFile(path: string, { system, leases }: StorageParts, { operationId }: OperationContext): Promise<undefined> {
  leases.write({ kind: "prune", key: path, vmId: undefined, operationId });
  await system.files.removeFile(path);
  leases.drop("prune", path);
  return undefined;
}
