#!/bin/sh
# Docker with compose and buildx: Docker CE by its own archive, whose key is known by its fingerprint, or what Debian has.
set -eu
. "$(dirname "$0")/lib.sh"

# Tests have another.
ETC=${GOLDEN_ETC:-/etc}

install() {
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
}

# install_key FILE KEYRING: writes the keyring only when FILE holds the pinned key and no other.
install_key() {
  keys=$(gpg --batch --no-options --show-keys --with-colons "$1" 2> /dev/null) || refuse "read the key of Docker's archive"
  prints=$(echo "$keys" | awk -F: '$1 == "pub" { primary = 1 } $1 == "fpr" && primary { print $10; primary = 0 }')
  test "$prints" = "$DOCKER_KEY_FINGERPRINT" \
    || refuse "trust Docker's archive: its key is $(echo $prints) and not $DOCKER_KEY_FINGERPRINT"
  gpg --batch --no-options --yes --dearmor -o "$2" "$1"
  chmod 0644 "$2"
}

from_upstream() {
  install ca-certificates curl gpg
  folder=$(mktemp -d)
  export GNUPGHOME="$folder"
  curl -fsSL --proto '=https' --retry 3 --max-filesize 65536 -o "$folder/key.asc" "$DOCKER_SOURCE/gpg" || refuse "fetch $DOCKER_SOURCE/gpg"
  mkdir -p "$ETC/apt/keyrings"
  # Up to here nothing of that archive but the key was read, and nothing is when it is another one.
  install_key "$folder/key.asc" "$ETC/apt/keyrings/docker.gpg"
  rm -rf "$folder"
  . "$ETC/os-release"
  echo "deb [arch=$arch signed-by=$ETC/apt/keyrings/docker.gpg] $DOCKER_SOURCE $VERSION_CODENAME stable" > "$ETC/apt/sources.list.d/docker.list"
  apt-get update
  install docker-ce docker-ce-cli containerd.io docker-buildx-plugin docker-compose-plugin iptables
}

# A suite has compose and buildx under different names, or not at all.
from_debian() {
  apt-get update
  install docker.io iptables
  for name in docker-cli docker-buildx docker-compose; do
    if apt-cache show "$name" > /dev/null 2>&1; then install "$name"; else echo "this suite of Debian has no $name"; fi
  done
}

# The root of a vm is an overlay, and Docker's layers cannot lie on one: they go to the work disk, which is ext4.
configure() {
  mkdir -p "$ETC/docker"
  echo '{ "data-root": "/root/.local/share/docker" }' > "$ETC/docker/daemon.json"
}

arch=$(architecture)
case $DOCKER_FROM in
  upstream) from_upstream ;;
  debian) from_debian ;;
  *) refuse "install Docker from $DOCKER_FROM: upstream or debian" ;;
esac
configure
