# OpenRC below busybox, and an SSH server, by apk. sshd's own script makes its keys when it starts first.
set -eu
root=$1 turn=$2

if [ "$turn" = again ]; then apk fix --no-cache; fi
apk add --no-cache openrc openssh

# An image of a container may have neither.
mkdir -p "$root/sbin" "$root/etc"
if [ ! -e "$root/sbin/init" ]; then ln -sf /bin/busybox "$root/sbin/init"; fi
if [ ! -e "$root/etc/inittab" ]; then
  cat > "$root/etc/inittab" << 'INITTAB'
::sysinit:/sbin/openrc sysinit
::sysinit:/sbin/openrc boot
::wait:/sbin/openrc default
::shutdown:/sbin/openrc shutdown
INITTAB
fi
# The network is there before any service.
if ! grep -qs '^rc_provide=' "$root/etc/rc.conf"; then echo 'rc_provide="loopback net"' >> "$root/etc/rc.conf"; fi
rc-update add sshd default
