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
    ["NAME", "DISTRO", "KERNEL", "SOURCE", "SIZE", "CREATED", "USED BY", ...(hasProblems ? ["PROBLEMS"] : [])],
    images.map((image) => [
      image.name,
      image.distro ?? "unknown",
      image.kernelRef ?? "none",
      image.source,
      formatBytes(image.bytes),
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
    ...commandFacts(image.commands),
    ["work seed", image.hasWorkSeed ? "yes" : "no"],
  ]);
}

function common(goods: Kernel | Image): readonly (readonly [string, string | undefined])[] {
  return [
    ["name", goods.name],
    ["source", goods.source],
    ["distro", goods.distro ?? undefined],
    ["arch", goods.arch],
    ["sha256", goods.sha256],
    ["size", formatBytes(goods.bytes)],
    ["created", `${formatAge(goods.createdAt)} ago`],
    ["used by", goods.usedBy.join(", ")],
    ["problems", goods.problems.join("; ")],
  ];
}
