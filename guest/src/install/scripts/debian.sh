# systemd and an SSH server, by apt.
set -eu
root=$1 turn=$2
export DEBIAN_FRONTEND=noninteractive DEBCONF_NONINTERACTIVE_SEEN=true

# Of the keys that the package makes none is used, unless the image had some: one is made when sshd starts first. RSA takes
# seconds in a slow guest. A try that was cut off may have made them.
keyless="$root/var/lib/banger/had-no-host-key"
if [ "$turn" = first ]; then
  mkdir -p "$root/var/lib/banger"
  : > "$keyless"
  for key in "$root"/etc/ssh/ssh_host_*_key; do if [ -e "$key" ]; then rm -f "$keyless"; fi; done
  # What cuts a try off may be a loss of power.
  sync
fi

# Packages start their services when they are installed, unless this says no. One of the image's own is put back.
policy="$root/usr/sbin/policy-rc.d"
kept="$policy.before-banger"
if [ -e "$policy" ] && ! grep -q '^# of banger$' "$policy"; then mv -f "$policy" "$kept"; fi
mkdir -p "$root/usr/sbin"
printf '#!/bin/sh\n# of banger\nexit 101\n' > "$policy"
chmod 0755 "$policy"
put_back() {
  rm -f "$policy"
  if [ -e "$kept" ]; then mv -f "$kept" "$policy"; fi
}
trap put_back EXIT
trap 'exit 1' HUP INT TERM

keep='-o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold -o Dpkg::Use-Pty=0'
if [ "$turn" = again ]; then
  dpkg --force-confdef --force-confold --configure -a
  apt-get $keep -y -f install
fi
apt-get -o Acquire::Retries=3 update
apt-get $keep -o Acquire::Retries=3 -y --no-install-recommends install \
  systemd systemd-sysv udev dbus libpam-systemd openssh-server
apt-get clean

if [ -e "$keyless" ]; then
  rm -f "$root"/etc/ssh/ssh_host_*
  rm -f "$keyless"
fi
if [ ! -e "$root/etc/ssh/sshd_config.d/banger.conf" ]; then
  mkdir -p "$root/etc/ssh/sshd_config.d" "$root/etc/systemd/system/ssh.service.d"
  cat > "$root/etc/ssh/sshd_config.d/banger.conf" << 'CONF'
HostKey /etc/ssh/ssh_host_ed25519_key
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
CONF
  cat > "$root/etc/systemd/system/ssh.service.d/banger.conf" << 'UNIT'
[Service]
ExecStartPre=
ExecStartPre=/bin/sh -c 'test -s /etc/ssh/ssh_host_ed25519_key || { rm -f /etc/ssh/ssh_host_ed25519_key; ssh-keygen -q -t ed25519 -N "" -f /etc/ssh/ssh_host_ed25519_key; }'
ExecStartPre=/usr/sbin/sshd -t
UNIT
fi
