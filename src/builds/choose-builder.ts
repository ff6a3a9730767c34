/** Who builds: a file that is called as Dockerfiles are, or a recipe. What is said of the one kind alone is refused of the other. */
import { basename } from "node:path";
import { BangerError } from "../contract/errors.ts";
import type { BuildRequest } from "./builds.ts";
import { isDockerfile } from "./dockerfile/is-dockerfile.ts";

export type RecipeRequest = BuildRequest & { readonly from: string };
type Chosen = { readonly by: "recipe"; readonly request: RecipeRequest } | { readonly by: "dockerfile"; readonly request: BuildRequest };

/** Pure. Throws `invalid` `not_of_a_recipe`, `not_of_a_dockerfile`, `no_base`. */
export function chooseBuilder(request: BuildRequest): Chosen {
  const { as, file, from, groups, size, unsafeNet, context, target, buildArgs } = request;
  const name = basename(file);
  if (isDockerfile(file)) {
    const given = { "--from-image": from, "--groups": groups, "--size": size, "--unsafe-net": unsafeNet === true ? true : undefined };
    const [flag] = Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [name]));
    if (flag === undefined) return { by: "dockerfile", request };
    const why = flag === "--from-image" ? "its FROM says what it begins with" : "that is for recipes";
    throw new BangerError("invalid", "not_of_a_dockerfile", `cannot build image ${as} by ${name} with ${flag}: ${why}`, {
      hint: `leave ${flag} out; a recipe is called otherwise, such as recipe.toml`,
    });
  }
  const flag =
    context !== undefined ? "a context" : target !== undefined ? "--target" : buildArgs !== undefined ? "--build-arg" : undefined;
  if (flag !== undefined) {
    throw new BangerError(
      "invalid",
      "not_of_a_recipe",
      `cannot build image ${as} by the recipe ${name} with ${flag}: that is for Dockerfiles`,
      {
        hint: `leave it out; a Dockerfile is called so, or ends in .dockerfile`,
      },
    );
  }
  if (from === undefined) {
    throw new BangerError("invalid", "no_base", `cannot build image ${as} by the recipe ${name}: it was not said of which image`, {
      hint: "--from-image debian-bookworm; banger image list shows which there are",
    });
  }
  return { by: "recipe", request: { ...request, from } };
}
