import type { Image, Kernel } from "../../contract/schemas/goods.ts";
import { commandFacts } from "./command-facts.ts";
import { formatAge, formatBytes } from "../format.ts";
import { pairs, table } from "../table.ts";

/** `banger kernel list` */
export function showKernels(kernels: readonly Kernel[]): Promise<string> {
  const hasProblems = kernels.some(({ problems }) => problems.length > 0);
  return table(
    ["NAME", "VERSION", "SOURCE", "SIZE", "CREATED", "USED BY", ...(hasProblems ? ["PROBLEMS"] : [])],
    kernels.map((kernel) => [
      kernel.name,
      kernel.version ?? "unknown",
      kernel.source,
      formatBytes(kernel.bytes),
      `${formatAge(kernel.createdAt)} ago`,
      kernel.usedBy.join(", "),
      ...(hasProblems ? [kernel.problems.join("; ")] : []),
    ]),
  );
}

/** `banger image list` */
export function showImages(images: readonly Image[]): Promise<string> {
  const hasProblems = images.some(({ problems }) => problems.length > 0);
  return table(
    ["NAME", "DISTRO", "KERNEL", "SOURCE", "SIZE", "SHARED", "CREATED", "USED BY", ...(hasProblems ? ["PROBLEMS"] : [])],
    images.map((image) => [
      image.name,
      image.distro ?? "unknown",
      image.kernelRef ?? "none",
      image.source,
      formatBytes(image.bytes),
      image.sharedBytes === 0 ? "-" : formatBytes(image.sharedBytes),
      `${formatAge(image.createdAt)} ago`,
      image.usedBy.join(", "),
      ...(hasProblems ? [image.problems.join("; ")] : []),
    ]),
  );
}

/** `banger kernel show` */
export function showKernel(kernel: Kernel): string {
  return pairs([...common(kernel), ["version", kernel.version ?? "unknown"], ["modules", kernel.modules.join(" ")]]);
}

/** `banger image show` */
export function showImage(image: Image): string {
  return pairs([
    ...common(image),
    ["kernel", image.kernelRef ?? "none"],
    ["init", image.init],
    ["requirements", image.requirements.map(({ name }) => name).join(", ")],
    ["base", image.base === null ? undefined : `${image.base.format}, ${sizeOf(image.base)}`],
    ["work seed", image.workSeed === null ? "no" : sizeOf(image.workSeed)],
    ["shared", image.sharedBytes === 0 ? undefined : `${formatBytes(image.sharedBytes)}, with ${image.sharedWith.join(", ")}`],
    ["from", image.reference ?? undefined],
    ["digest", image.digest ?? undefined],
    ...image.layers.map(({ digest, bytes }, at) => [`layer ${at + 1}`, `${digest}, ${formatBytes(bytes)}`] as const),
    ...image.env.map((each) => ["env", each] as const),
    ...commandFacts(image.commands),
  ]);
}

/** As a vm sees it, and what it takes. */
function sizeOf({ bytes, usedBytes }: { readonly bytes: number; readonly usedBytes: number }): string {
  return bytes === usedBytes ? formatBytes(bytes) : `${formatBytes(bytes)}, of which ${formatBytes(usedBytes)} on disk`;
}

function common(goods: Kernel | Image): readonly (readonly [string, string | undefined])[] {
  return [
    ["name", goods.name],
    ["source", goods.source],
    ["distro", goods.distro ?? undefined],
    ["arch", goods.arch],
    "sha256" in goods ? ["sha256", goods.sha256] : ["checksum", goods.checksum],
    ["size", formatBytes(goods.bytes)],
    ["created", `${formatAge(goods.createdAt)} ago`],
    ["used by", goods.usedBy.join(", ")],
    ["problems", goods.problems.join("; ")],
  ];
}
