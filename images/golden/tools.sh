#!/bin/sh
# mise, node, npm and the coding tools, for every user of the image: below /usr/local/share/mise, with links in /usr/local/bin.
set -eu
. "$(dirname "$0")/lib.sh"

SHARE=/usr/local/share/mise
SHIMS=$SHARE/shims
NAMES="node npm opencode claude pi"

# unpack TARBALL FOLDER: one of npm's, without its top folder.
unpack() {
  mkdir -p "$2"
  tar -xzf "$1" -C "$2" --strip-components=1 --no-same-owner
}

install_mise() {
  test -n "$NPM_REGISTRY" || refuse "fetch the tools: no registry of npm is named, NPM_REGISTRY in pins.sh"
  fetch "$NPM_REGISTRY/@jdxcode/mise-linux-$npm/-/mise-linux-$npm-$MISE_VERSION.tgz" "$mise_pin" "$scratch/mise.tgz"
  unpack "$scratch/mise.tgz" "$scratch/mise"
  install -m 0755 "$scratch/mise/bin/mise" /usr/local/bin/mise
}

# As mise would lay it out, so that it takes node for one of its own.
install_node() {
  home=$SHARE/installs/node/$NODE_VERSION
  fetch "$NPM_REGISTRY/node-linux-$npm/-/node-linux-$npm-$NODE_VERSION.tgz" "$node_pin" "$scratch/node.tgz"
  fetch "$NPM_REGISTRY/npm/-/npm-$NPM_VERSION.tgz" "$NPM_SHA256" "$scratch/npm.tgz"
  unpack "$scratch/node.tgz" "$home"
  unpack "$scratch/npm.tgz" "$home/lib/node_modules/npm"
  ln -sfn ../lib/node_modules/npm/bin/npm-cli.js "$home/bin/npm"
  ln -sfn ../lib/node_modules/npm/bin/npx-cli.js "$home/bin/npx"
}

# Scripts of packages run for those two that fetch their program by one.
configure() {
  mkdir -p /etc/mise
  cat > /etc/mise/config.toml <<CONFIG
[tools]
node = "$NODE_VERSION"
"npm:opencode-ai" = { version = "$OPENCODE_VERSION", allow_builds = ["opencode-ai"] }
"npm:@anthropic-ai/claude-code" = { version = "$CLAUDE_VERSION", allow_builds = ["@anthropic-ai/claude-code"] }
"npm:@earendil-works/pi-coding-agent" = "$PI_VERSION"

[settings]
npm.package_manager = "npm"
CONFIG
}

# In a shell of its own: a shim has to work without what is set here.
install_all() (
  arch=$(architecture)
  npm=$(npm_architecture "$arch")
  # As assignments of their own: a refusal within another command's words would not end it.
  mise_pin=$(digest MISE "$arch")
  node_pin=$(digest NODE "$arch")
  scratch=$(mktemp -d)
  install_mise
  install_node
  configure
  export HOME="$scratch/home" TMPDIR="$scratch/home" MISE_DATA_DIR="$scratch/data" MISE_CACHE_DIR="$scratch/cache" MISE_STATE_DIR="$scratch/state"
  export npm_config_registry="$NPM_REGISTRY" npm_config_cache="$scratch/npm"
  # The authorities of the system, as curl above: those of node are its own.
  export NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
  mkdir -p "$HOME"
  # A slow computer leaves connections waiting until somebody ends them: fewer at once, and what came is not fetched again.
  export npm_config_maxsockets=4 npm_config_fetch_retries=5
  tries=1
  until mise install --system --jobs 1; do
    test "$tries" -lt 3 || refuse "install the tools: tried $tries times"
    tries=$((tries + 1))
  done
  mise reshim --system
  rm -rf "$scratch"
)

link() {
  for name in $NAMES npx; do ln -sfn "../share/mise/shims/$name" "/usr/local/bin/$name"; done
  # Debian has another program called fd.
  ln -sfn ../../bin/fdfind /usr/local/bin/fd
}

case "${1:-install}" in
  install)
    install_all
    # They write into a home, and the image's stays as it is.
    HOME=$(mktemp -d)
    export HOME TMPDIR="$HOME"
    require_tools "$SHIMS" $NAMES
    link
    require_tools /usr/local/bin $NAMES
    rm -rf "$HOME"
    ;;
  # In a folder of one's choice.
  require) require_tools "$2" $NAMES ;;
  *) refuse "$1 the tools" ;;
esac
