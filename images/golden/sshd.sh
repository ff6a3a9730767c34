#!/bin/sh
# sshd with one kind of host key, which the first start of a vm makes; root comes in by key alone.
set -eu

key=/etc/ssh/ssh_host_ed25519_key
mkdir -p /etc/ssh/sshd_config.d /etc/systemd/system/ssh.service.d
cat > /etc/ssh/sshd_config.d/banger.conf <<CONFIG
HostKey $key
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
CONFIG
# A key that a power cut left empty is made again.
cat > /etc/systemd/system/ssh.service.d/banger.conf <<UNIT
[Service]
ExecStartPre=
ExecStartPre=/bin/sh -c 'test -s $key || { rm -f $key; ssh-keygen -q -t ed25519 -N "" -f $key; }'
ExecStartPre=/usr/sbin/sshd -t
UNIT
systemctl enable ssh.service
