/**
 * A recipe: what is done, step by step, to make one image of another. A file in TOML:
 *
 *     init = "systemd"                # who is PID 1 of its vms; as of the image that it is built from when left out
 *     kernel = "debian-6.12"          # the kernel of its vms, and of the build; the same
 *     network = true                  # whether steps reach the internet; they do when this is left out
 *     memory = "2G"                   # of the vm that builds
 *     cpus = 2
 *
 *     [env]                           # of every step, and of commands in its vms
 *     LANG = "C.UTF-8"
 *
 *     [[steps]]
 *     name = "essential packages"     # for people
 *     group = "ESSENTIAL"             # steps of some groups can be taken alone
 *     packages = ["git", "jq"]        # by the guest's own package manager
 *
 *     [[steps]]
 *     run = "echo hello > /etc/motd"  # a script of sh, by root, which ends at the first command that fails
 *     env = { GREETING = "hello" }
 *
 *     [[steps]]
 *     copy = "files/motd"             # a file below the recipe's folder
 *     to = "/etc/motd"
 *     mode = "0644"
 *
 * A step has exactly one of `packages`, `run` and `copy`.
 */
import { z } from "zod";
import { guestInit } from "../../contract/schemas/init.ts";
import { environment, goodsName, size } from "../../contract/schemas/names.ts";

/** What one step may be long, and how many there may be: recipes are for people. */
const SCRIPT_MAX_CHARACTERS = 256 * 1024;
const MOST_STEPS = 200;
const MOST_PACKAGES = 1000;

const about = {
  name: z
    .string()
    .min(1)
    .max(200)
    .regex(/^\P{Cc}*$/u, "is a line of text")
    .optional(),
  group: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_-]{0,31}$/, "is a word")
    .optional(),
};
/** No option of a package manager begins so, and no shell makes more of it than it is. */
const packageName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.+:~=_-]{0,199}$/, "is no name of a package");
const guestPath = z
  .string()
  .max(4000)
  .regex(/^(?:\/(?!\.{1,2}(?:\/|$))[^/\0]+)+$/, "is the absolute path of a file in the guest, without . and ..");
const belowPath = z
  .string()
  .max(4000)
  .regex(/^(?!\/)(?:(?!\.{1,2}(?:\/|$))[^/\0]+(?:\/(?!$)|$))+$/, "is the path of a file below the recipe's folder, without . and ..");

const step = z.union(
  [
    z.strictObject({ ...about, packages: z.array(packageName).min(1).max(MOST_PACKAGES) }),
    z.strictObject({ ...about, run: z.string().min(1).max(SCRIPT_MAX_CHARACTERS), env: environment.default({}) }),
    z.strictObject({
      ...about,
      copy: belowPath,
      to: guestPath,
      mode: z
        .string()
        .regex(/^[0-7]{3,4}$/, "is a mode such as 0644")
        .default("0644"),
    }),
  ],
  "has exactly one of packages, run and copy, and of its own keys no other",
);
export type Step = z.output<typeof step>;

export const recipe = z.strictObject({
  init: guestInit.optional(),
  kernel: goodsName.optional(),
  network: z.boolean().default(true),
  memory: size.optional(),
  cpus: z.number().int().min(1).max(256).optional(),
  env: environment.default({}),
  steps: z.array(step).min(1).max(MOST_STEPS),
});
export type Recipe = z.output<typeof recipe>;

/** What a step is called where somebody reads it. */
export function titleOf(each: Step): string {
  if (each.name !== undefined) return each.name;
  if ("packages" in each) return `packages ${each.packages.slice(0, 4).join(" ")}${each.packages.length > 4 ? " ..." : ""}`;
  if ("copy" in each) return `copy ${each.copy}`;
  return (each.run.split("\n").find((line) => line.trim() !== "") ?? "run").trim().slice(0, 60);
}

/** Steps without a group, and those of the groups that are wanted; all when nobody says which. */
export function stepsOf({ steps }: Recipe, groups: readonly string[] | undefined): readonly Step[] {
  return groups === undefined ? steps : steps.filter(({ group }) => group === undefined || groups.includes(group));
}

/** In the order in which they come. */
export function groupsIn({ steps }: Recipe): readonly string[] {
  return [...new Set(steps.flatMap(({ group }) => (group === undefined ? [] : [group])))];
}
