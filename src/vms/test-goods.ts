/** Stores that hold goods by name alone, and change nothing. */
import { BangerError } from "../contract/errors.ts";
import { NO_COMMANDS } from "../contract/schemas/image-commands.ts";
import type { VmDependencies } from "./dependencies.ts";

/** @param images those that are there; a test may remove some. */
export function makeTestGoods(images: ReadonlySet<string>, kernel: string): Pick<VmDependencies, "images" | "kernels"> {
  const unused = (): never => {
    throw new Error("not faked");
  };
  return {
    images: {
      parts: async (name) => {
        if (!images.has(name)) throw new BangerError("not_found", "image_not_found", `there is no image ${name}`);
        return {
          basePath: "/base",
          baseFormat: "squashfs",
          workSeedPath: undefined,
          leastWorkBytes: 0,
          kernelRef: kernel,
          init: "agent",
          requirements: [],
          env: {},
          commands: NO_COMMANDS,
        };
      },
      pull: unused,
      bundle: unused,
      tag: unused,
      rename: unused,
      import: unused,
      keep: unused,
      identityOf: unused,
      requireFree: unused,
      register: unused,
      makeBundle: unused,
      list: unused,
      get: unused,
      delete: unused,
      verify: unused,
      probes: unused,
      reconcile: unused,
    },
    kernels: {
      get: async (name) => ({ name }) as Awaited<ReturnType<VmDependencies["kernels"]["get"]>>,
      bootSet: async () => ({ kernelPath: "/vmlinux", initrdPath: "/initrd", needsAcpi: false, version: "6.12" }),
      pull: unused,
      import: unused,
      build: unused,
      list: unused,
      rename: unused,
      bundle: unused,
      delete: unused,
      findUnusedInitrds: unused,
      verify: unused,
      reconcile: unused,
    },
  };
}
