/**
 * What is done to a fresh Debian tree before it becomes an image: identity out, a work seed made of root's home, and
 * whatever never helps in a microVM switched off.
 *
 * mmdebstrap runs these as `sh -c`, outside the tree, with the tree as `$1`. They are constants: nothing that comes from
 * a user or a catalog is ever put into them.
 */
import { DEFAULT_WORK_BYTES, DISK_SHAPE, ext4Arguments } from "../../disks/disks.ts";

/** The seed, in the archive that carries it out of the tree: a plain copy would write its 20 GiB of holes. */
export const SEED_NAME = "work-seed.ext4";
/** Where that archive lies in the tree between the hooks. */
export const SEED_ARCHIVE_IN_TREE = "/banger-work-seed.tar";

/**
 * A tree that carries the identity of nobody. An empty machine-id lets the first start write a new one; a missing
 * hostname keeps the one that the agent sets. SSH host keys are made by the first start of sshd.
 */
export const STRIP_IDENTITY = String.raw`set -eu
: > "$1/etc/machine-id"
mkdir -p "$1/var/lib/dbus"
ln -sfn /etc/machine-id "$1/var/lib/dbus/machine-id"
rm -f "$1"/var/log/apt/*.xz "$1/var/cache/ldconfig/aux-cache"
rm -f "$1"/etc/ssh/ssh_host_* "$1/etc/hostname" "$1/etc/resolv.conf" "$1/var/lib/systemd/random-seed"
printf '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n' > "$1/etc/hosts"
: > "$1/etc/fstab"
find "$1/var/log" -type f -exec truncate -s 0 {} +
chroot "$1" usermod --lock root
`;

/**
 * sshd with one kind of host key, made when there is none: an RSA key costs seconds in a slow guest. A key that a power
 * cut left empty is made again. Root comes in by key alone.
 */
export const SET_UP_SSHD = String.raw`set -eu
test -e "$1/lib/systemd/system/ssh.service" || exit 0
cat > "$1/etc/ssh/sshd_config.d/banger.conf" <<'CONF'
HostKey /etc/ssh/ssh_host_ed25519_key
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
CONF
mkdir -p "$1/etc/systemd/system/ssh.service.d"
cat > "$1/etc/systemd/system/ssh.service.d/banger.conf" <<'UNIT'
[Service]
ExecStartPre=
ExecStartPre=/bin/sh -c 'test -s /etc/ssh/ssh_host_ed25519_key || { rm -f /etc/ssh/ssh_host_ed25519_key; ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/ssh_host_ed25519_key; }'
ExecStartPre=/usr/sbin/sshd -t
UNIT
`;

/** Units for disks, consoles and clean-ups that a microVM does not have or need. */
const MASKED_UNITS = [
  "apt-daily.timer",
  "apt-daily-upgrade.timer",
  "dpkg-db-backup.timer",
  "e2scrub_all.timer",
  "e2scrub_reap.service",
  "getty@tty1.service",
  "serial-getty@ttyS0.service",
  "dev-ttyS0.device",
  "systemd-networkd.service",
  "systemd-networkd.socket",
  "systemd-networkd-wait-online.service",
];

export const QUIET_UNITS = `set -eu
for unit in ${MASKED_UNITS.join(" ")}; do
  ln -sfn /dev/null "$1/etc/systemd/system/$unit"
done
rm -f "$1"/etc/systemd/system/*.wants/e2scrub_reap.service
`;

/**
 * The ready file system of root's home. The agent mounts the work disk over /root, so what the base has there is not
 * seen: the seed brings it along. Made here because here we are root of the tree's user ids.
 */
export const MAKE_WORK_SEED = `set -eu
PATH="$PATH:/usr/sbin:/sbin"
chmod 0700 "$1/root"
rm -rf "$1/root/.ssh"
for name in .bashrc .profile; do
  test -e "$1/root/$name" || cp -p "$1/etc/skel/$name" "$1/root/$name"
done
seed="$1/${SEED_NAME}"
mke2fs ${ext4Arguments(DISK_SHAPE).join(" ")} -d "$1/root" "$seed" ${DEFAULT_WORK_BYTES / 1024}k
# mke2fs takes the files of a folder, not the folder's own mode. debugfs ends with 0 whatever happens: look.
debugfs -w -R "set_inode_field / mode 040700" "$seed"
debugfs -w -R "rmdir lost+found" "$seed"
debugfs -R "ls -p /" "$seed" > "$seed.list"
grep -q "^/2/040700/0/0/\\./" "$seed.list"
grep -q "/100644/0/0/\\.bashrc/" "$seed.list"
if grep -q "lost+found" "$seed.list"; then exit 1; fi
tar --sparse -C "$1" -cf "$1${SEED_ARCHIVE_IN_TREE}" ${SEED_NAME}
rm "$seed" "$seed.list"
`;

export const REMOVE_SEED_ARCHIVE = `rm -f "$1${SEED_ARCHIVE_IN_TREE}"`;
