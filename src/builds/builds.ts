/**
 * Room `builds`: images made of guests. An image is what a guest's root is when all that shall be in it has been done: the guest itself
 * gives it away as an archive, and its work disk becomes the work seed, so that the host opens no file system that a guest has written.
 *
 * Each is made in a vm of its own, a workshop, which is there for nothing else and is gone afterwards. `banger ps` shows it.
 *
 * - `promote`: the workshop has copies of a vm's disks, as they are at this moment.
 * - `build` by a recipe: the workshop is a vm of an image, in which the steps of a recipe (`recipe/recipe.ts`) are done. After each its disks are
 *   copied into the cache of steps (`step-cache.ts`), by the identity of all that was done until then: who builds again begins with the first
 *   step that is not there.
 * - `build` by a Dockerfile: buildah does what it says (`dockerfile/`), on this computer, in a folder that is there for nothing else. An image of
 *   ours that it begins with is given to it by a workshop.
 *
 * Laws: the vm that is promoted is as it was. Nobody's logins, keys and identity go into an image. A workshop that a dead daemon left is
 * removed at the next start, and so is a folder of buildah's, with what runs in it.
 */
import type { StoredImage } from "../images/images.ts";
import type { OperationContext } from "../operations/operations.ts";

export interface PromoteRequest {
  readonly vm: string;
  /** The image's name. */
  readonly as: string;
}

export interface BuildRequest {
  /** The image's name. */
  readonly as: string;
  /** The image that it is made of: of a recipe, which does not say it. */
  readonly from?: string | undefined;
  /** Absolute path of the recipe, or of a Dockerfile, which is called so. */
  readonly file: string;
  /** Of a Dockerfile: the folder that it copies from; its own when left out. */
  readonly context?: string | undefined;
  /** Of a Dockerfile: the stage that is wanted; the last one when left out. */
  readonly target?: string | undefined;
  /** Of a Dockerfile. */
  readonly buildArgs?: Readonly<Record<string, string>> | undefined;
  /** The kernel of its vms; as the recipe or the image that it begins with says when left out. */
  readonly kernelRef?: string | undefined;
  /** Only steps of these, and those without; all when left out. */
  readonly groups?: readonly string[] | undefined;
  /** Of the workshop's root layer, in bytes. */
  readonly size?: number | undefined;
  /** Lets the steps of a recipe have a way out that keeps them from nothing, where there is no other. */
  readonly unsafeNet?: boolean | undefined;
  /** Takes the place of an image that has its name and that no vm uses. */
  readonly replace: boolean;
  /** Whether what steps left earlier is used. */
  readonly cached: boolean;
}

export interface Builds {
  /**
   * Stages: `copy`, then as a start, `forget`, `export`, `power off`, `work seed`, `store`.
   * Throws as `Vms.duplicate`, `exists` `image_exists`, and `refused` for what the guest gives that is no root.
   */
  promote(request: PromoteRequest, context: OperationContext): Promise<StoredImage>;
  /**
   * Stages: `recipe`, then as a create, `step` and `copy` for each, and as a promotion from `forget` on. Of an image that was built by the same
   * there is none but the first. Throws `invalid` `bad_recipe`, `no_such_group`, `refused` `step_failed`, and as `promote`.
   *
   * By a Dockerfile: `dockerfile`, of each base of ours as a create and `export`, `buildah`, and as a pull. Throws `unavailable` `no_buildah`, `refused`
   * `dockerfile_failed`, and as these.
   */
  build(request: BuildRequest, context: OperationContext): Promise<StoredImage>;
  /** Forgets what a step left, by the name of its folder; nothing happens when there is none. Not while something is built. */
  forgetStep(name: string): Promise<void>;
  /** Removes workshops that nobody works in, and what a dead daemon's buildah left. */
  reconcile(): Promise<void>;
}

export { buildahProbe } from "./dockerfile/buildah-probe.ts";
