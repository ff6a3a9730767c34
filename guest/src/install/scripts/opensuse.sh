# systemd and an SSH server, by zypper. sshd's own unit makes its keys when it starts first.
set -eu
turn=$2

# Says by 102 and 103 that all went well, and that something should be started anew.
install() {
  code=0
  zypper --non-interactive install --no-recommends "$@" systemd openssh || code=$?
  case $code in
    0 | 102 | 103) ;;
    *) exit "$code" ;;
  esac
}
zypper --non-interactive refresh
install
# What was cut off counts as installed, whatever its scripts had done by then.
if [ "$turn" = again ]; then install --force; fi
systemctl enable sshd.service
