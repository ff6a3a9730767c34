/**
 * A program of the name of mmdebstrap that makes a tree of two files at once, as that one does within a minute: for what is asked of a
 * pull a hundred times over. The rest of the pull is the real one. What the real program leaves when it is cut off is another test's
 * (`test/host/images-cut-off.test.ts`).
 */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Works where TMPDIR says; the hook with `download` names the archive that the seed goes to. */
const MMDEBSTRAP = String.raw`#!/bin/sh
set -eu
if [ "$1" = --unshare-helper ]; then exit 0; fi
for word; do
  case "$word" in
    "--customize-hook=download "*) seed=$(echo "$word" | sed "s/.* '//; s/'$//") ;;
  esac
done
tree=$(mktemp -d "$TMPDIR/mmdebstrap.XXXXXX")
trap 'rm -rf "$tree"; exit 1' TERM INT
mkdir "$tree/etc" "$tree/home"
echo "one little image" > "$tree/etc/motd"
echo "2 upgraded, 1 newly installed" >&2
echo "Setting up motd" >&2
/sbin/mke2fs -q -t ext4 -d "$tree/home" "$TMPDIR/work-seed.ext4" 4096k >&2
tar --sparse -C "$TMPDIR" -cf "$seed" work-seed.ext4
tar -C "$tree" -cf - .
rm -rf "$tree"
`;

/** Puts it into a folder, for the head of a PATH. */
export function writeLittleBootstrap(folder: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "mmdebstrap"), MMDEBSTRAP);
  chmodSync(join(folder, "mmdebstrap"), 0o755);
}
