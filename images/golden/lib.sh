# What the steps of the golden image share. Each begins with `. "$(dirname "$0")/lib.sh"`.
HERE=$(dirname "$0")
. "$HERE/pins.sh"

refuse() {
  echo "golden image: cannot $1" >&2
  exit 1
}

# Debian's name of the architecture; there are digests of these two alone.
architecture() {
  found=$(dpkg --print-architecture)
  case $found in
    amd64 | arm64) echo "$found" ;;
    *) refuse "be built for $found: only amd64 and arm64 are known" ;;
  esac
}

# npm's name of it.
npm_architecture() {
  case $1 in
    amd64) echo x64 ;;
    arm64) echo arm64 ;;
    *) refuse "be built for $1: only amd64 and arm64 are known" ;;
  esac
}

# digest PROGRAM ARCHITECTURE: the pin of a program.
digest() {
  eval "pin=\${${1}_SHA256_${2}:-}"
  test -n "$pin" || refuse "install $1 on $2: pins.sh has no digest of it"
  echo "$pin"
}

# fetch URL SHA256 FILE: a file that is what its digest says, or none.
fetch() {
  curl -fsSL --proto '=https,file' --proto-redir '=https' --retry 3 --max-filesize 268435456 -o "$3.part" "$1" || refuse "fetch $1"
  found=$(sha256sum < "$3.part" | cut -d ' ' -f 1)
  if test "$found" != "$2"; then
    rm -f "$3.part"
    refuse "take $1: its sha256 is $found and not $2"
  fi
  mv "$3.part" "$3"
}

# require_tools FOLDER NAME...: programs that are in FOLDER and say their version.
require_tools() {
  folder=$1
  shift
  for name in "$@"; do
    test -x "$folder/$name" || refuse "go on: there is no program $folder/$name"
    "$folder/$name" --version < /dev/null || refuse "go on: $folder/$name does not start"
  done
}
