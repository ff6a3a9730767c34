import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { kernel } from "../schemas/goods.ts";
import { goodsName, hostFile, kernelSource, kernelVersion } from "../schemas/names.ts";

/** Compiles a kernel from its source. */
export const kernelBuild = defineOperation({
  name: "kernel.build",
  kind: "long",
  summary: "Build a kernel from its source",
  detail:
    "From kernel.org the signature of a release signer is verified before anything is unpacked; apt takes the source package of Debian. The configuration is a fragment: all else is off, and every line of it must hold. It takes some minutes and 4 GiB in /var/tmp.",
  method: "POST",
  path: "/v1/kernels/build",
  input: z.strictObject({
    name: goodsName,
    version: kernelVersion.optional(),
    config: hostFile.optional(),
    source: kernelSource.optional(),
  }),
  output: kernel,
  stages: ["tools", "source", "verify", "unpack", "configure", "compile", "store"],
  errors: [
    "kernel_exists",
    "build_tools_missing",
    "disk_full",
    "bad_kernel_config",
    "file_unusable",
    "options_dropped",
    "signature_bad",
    "build_failed",
  ],
  fields: {
    name: { brief: "name to keep it under", placeholder: "NAME" },
    version: { brief: "release of Linux; the one that banger's own configuration is for when left out", placeholder: "V" },
    config: { brief: "file of the configuration; banger's own for vms when left out", placeholder: "FILE" },
    source: { brief: "kernel.org, apt, or a folder or tarball; kernel.org when left out", placeholder: "SOURCE" },
  },
  cli: { words: ["kernel", "build"], positional: ["name"] },
  examples: [
    { command: "banger kernel build generic-6.12", does: "build the kernel for vms from kernel.org's release" },
    { command: "banger kernel build mine --source ./linux --config ./my.config", does: "build from your own tree" },
  ],
});
