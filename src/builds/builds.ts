/**
 * Room `builds`: images made of guests. An image is what a guest's root is when all that shall be in it has been done: the guest itself
 * gives it away as an archive, and its work disk becomes the work seed, so that the host opens no file system that a guest has written.
 *
 * Each is made in a vm of its own, a workshop, which is there for nothing else and is gone afterwards. `banger ps` shows it.
 *
 * - `promote`: the workshop has copies of a vm's disks, as they are at this moment.
 *
 * Laws: the vm that is promoted is as it was. Nobody's logins, keys and identity go into an image. A workshop that a dead daemon left is
 * removed at the next start.
 */
import type { StoredImage } from "../images/images.ts";
import type { OperationContext } from "../operations/operations.ts";

export interface PromoteRequest {
  readonly vm: string;
  /** The image's name. */
  readonly as: string;
}

export interface Builds {
  /**
   * Stages: `copy`, then as a start, `forget`, `export`, `power off`, `work seed`, `store`.
   * Throws as `Vms.duplicate`, `exists` `image_exists`, and `refused` for what the guest gives that is no root.
   */
  promote(request: PromoteRequest, context: OperationContext): Promise<StoredImage>;
  /** Removes workshops that nobody works in. */
  reconcile(): Promise<void>;
}
