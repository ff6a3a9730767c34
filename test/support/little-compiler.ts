/**
 * Stand-ins for make and the compilers, and a source whose kernel they make at once: for what is asked of a build a hundred times over. gpg,
 * tar, xz and the rest of the build are the real ones.
 */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeKernelElf } from "../../src/kernels/formats/made-elf.ts";

/** Of the little source. */
export const VERSION = "6.12.9";

/** Does as the kernel's own does, as far as a build looks: a step is told, folders as there are made, the configuration is the fragment, all drivers are in. */
const MAKE = `#!/bin/sh
for word; do case "$word" in O=*) out="\${word#O=}";; esac; target="$word"; done
source="$2"
case "$target" in
  allnoconfig) grep -v DROPPED "$KCONFIG_ALLCONFIG" > "$out/.config"; cat "$source/drivers" >> "$out/.config";;
  vmlinux) echo "  CC      init/main.o"; mkdir -p "$out/kernel" "$out/init"
    if [ -e "$source/broken" ]; then echo "main.c:1: error: no such thing" >&2; exit 2; fi
    if [ -e "$source/seconds" ]; then echo started > "$out/started"; sleep "$(cat "$source/seconds")" & wait; fi
    if [ -e "$source/object" ] && ! cp "$source/object" "$out/object"; then exit 2; fi
    cp "$source/elf" "$out/vmlinux";;
esac
`;
const DRIVERS = ["MMIO", "BLK", "NET", "CONSOLE", "BALLOON", "PCI", "VSOCKETS"].map((name) => `CONFIG_VIRTIO_${name}=y\n`).join("");
const MORE = ["HW_RANDOM_VIRTIO", "OVERLAY_FS", "SQUASHFS", "EROFS_FS", "EXT4_FS"].map((name) => `CONFIG_${name}=y\n`).join("");
const QUIET_TOOLS = ["gcc", "flex", "bison", "bc", "ld"];

/** Puts the stand-ins into a folder, for the head of a PATH. */
export function writeLittleCompiler(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const scripts = {
    make: MAKE,
    strip: '#!/bin/sh\ncp "$2" "$4"\n',
    ...Object.fromEntries(QUIET_TOOLS.map((name) => [name, "#!/bin/sh\nexit 0\n"])),
  };
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(folder, name), script);
    chmodSync(join(folder, name), 0o755);
  }
}

/**
 * A folder that has what a build looks for.
 * @param files more of them: `broken` does not compile, `seconds` is how long it compiles, `object` is what a compiler makes on the way.
 */
export function writeSource(folder: string, files: Readonly<Record<string, string | Uint8Array>> = {}): void {
  mkdirSync(folder, { recursive: true });
  const [major, minor, patch] = VERSION.split(".");
  writeFileSync(join(folder, "Makefile"), `VERSION = ${major}\nPATCHLEVEL = ${minor}\nSUBLEVEL = ${patch}\n`);
  writeFileSync(join(folder, "drivers"), DRIVERS + MORE);
  writeFileSync(join(folder, "elf"), makeKernelElf(`Linux version ${VERSION}-banger (someone@somewhere) #1\n`));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
}

/** The same as a tarball, by way of a new folder in `home`. */
export function packSource(home: string, files: Readonly<Record<string, string | Uint8Array>> = {}): Buffer {
  const folder = mkdtempSync(join(home, "pack-"));
  writeSource(join(folder, `linux-${VERSION}`), files);
  const tarball = join(folder, "source.tar.xz");
  Bun.spawnSync(["tar", "-C", folder, "-cJf", tarball, `linux-${VERSION}`]);
  return readFileSync(tarball);
}
