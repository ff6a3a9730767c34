/** The drivers that a vm's devices and disks need, as modules and as the kernel options that build them in. */

export interface NeededDriver {
  readonly module: string;
  readonly option: string;
  /** Without a required one no vm would become ready. */
  readonly need: "required" | "useful";
}

/** In the order in which they are loaded, but for what they depend on. */
export const NEEDED_DRIVERS: readonly NeededDriver[] = [
  { module: "virtio_mmio", option: "VIRTIO_MMIO", need: "required" },
  { module: "virtio_blk", option: "VIRTIO_BLK", need: "required" },
  { module: "virtio_console", option: "VIRTIO_CONSOLE", need: "required" },
  { module: "virtio_net", option: "VIRTIO_NET", need: "required" },
  { module: "overlay", option: "OVERLAY_FS", need: "required" },
  { module: "squashfs", option: "SQUASHFS", need: "required" },
  { module: "ext4", option: "EXT4_FS", need: "required" },
  { module: "virtio_rng", option: "HW_RANDOM_VIRTIO", need: "useful" },
  { module: "virtio_balloon", option: "VIRTIO_BALLOON", need: "useful" },
  { module: "erofs", option: "EROFS_FS", need: "useful" },
];
