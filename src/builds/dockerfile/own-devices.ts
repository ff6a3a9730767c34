/**
 * Of steps that run in a chroot buildah lets each see this computer's `/dev`: a daemon of root's would give them its disks, and everybody's
 * `/dev/shm` would keep what they leave there. So buildah itself gets a `/dev` that has what every program needs and nothing else, in a mount
 * namespace that is there for it alone and ends with it.
 */
import { join } from "node:path";

/**
 * The first word is an empty place to make it at; the others are what is run then. Without `-n` mount would note in `/run` what it moves, where
 * somebody who is root in a namespace alone may not write.
 */
const SCRIPT = `
at=$1
shift
mkdir -p "$at"
mount -n -t tmpfs -o mode=0755,nosuid,noexec devices "$at"
for name in null zero full random urandom tty; do
  : > "$at/$name"
  mount -n --bind "/dev/$name" "$at/$name"
done
mkdir "$at/pts" "$at/shm"
mount -n -t devpts -o newinstance,ptmxmode=0666,mode=0620 terminals "$at/pts"
mount -n -t tmpfs -o mode=1777,nosuid,nodev,size=64m memory "$at/shm"
ln -s pts/ptmx "$at/ptmx"
ln -s /proc/self/fd "$at/fd"
ln -s /proc/self/fd/0 "$at/stdin"
ln -s /proc/self/fd/1 "$at/stdout"
ln -s /proc/self/fd/2 "$at/stderr"
mount -n --move "$at" /dev
exec "$@"
`;

/** To be put before a command that is run in a mount namespace of its own, by who is root there. @param folder of the build. */
export function withOwnDevices(folder: string): readonly string[] {
  return ["sh", "-euc", SCRIPT, "devices", join(folder, "dev")];
}
