#!/bin/sh
# An image that is nobody: no machine-id, no host keys, no seeds, no logs, and nothing that can be had again.
set -eu

: > /etc/machine-id
mkdir -p /var/lib/dbus
ln -sfn /etc/machine-id /var/lib/dbus/machine-id
rm -f /etc/ssh/ssh_host_* /var/lib/systemd/random-seed /var/cache/ldconfig/aux-cache
rm -rf /root/.ssh /root/.npm /root/.cache /root/.bash_history /root/.wget-hsts
apt-get clean
rm -rf /var/lib/apt/lists/*
find /var/log -type f -exec truncate -s 0 {} +
# What kept services from starting while it was built.
rm -f /usr/sbin/policy-rc.d
rm -rf /usr/local/lib/golden
