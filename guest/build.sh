#!/bin/sh
# Builds the agent so that the same sources and compiler give the same bytes, wherever the checkout and cargo's own folder
# are: panics carry the paths of source files, and those are renamed. Prints where the binary is.
set -eu
cd "$(dirname "$0")"
cargo_home=${CARGO_HOME:-$HOME/.cargo}
separator=$(printf '\037')
# Takes the place of the flags in .cargo/config.toml, so it repeats them. Of several renames that fit, the last one counts.
flags="-Ctarget-feature=+crt-static${separator}--remap-path-prefix=$PWD=/banger${separator}--remap-path-prefix=$cargo_home=/cargo"
cargo fetch --locked
# Each registry has a folder named after itself; which one the sources came from does not matter.
for registry in "$cargo_home"/registry/src/*/; do
  if [ -d "$registry" ]; then
    flags="$flags${separator}--remap-path-prefix=${registry%/}=/cargo"
  fi
done
CARGO_ENCODED_RUSTFLAGS=$flags
export CARGO_ENCODED_RUSTFLAGS
unset RUSTFLAGS CARGO_BUILD_RUSTFLAGS
cargo build --release --locked "$@"
echo "${CARGO_TARGET_DIR:-$PWD/target}/x86_64-unknown-linux-gnu/release/banger-agent"
