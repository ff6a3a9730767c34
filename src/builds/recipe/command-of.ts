/** What a guest runs for a step. */
import type { ExecSpec } from "../../contract/frames.ts";
import type { ReadStep } from "./read-recipe.ts";

/** Names come as arguments: no text of a recipe is ever part of this script. */
const INSTALL = `
if command -v apt-get >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get -q update
  apt-get -q -y --no-install-recommends -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold install "$@"
  apt-get -q clean
elif command -v apk >/dev/null; then
  apk add --no-cache "$@"
elif command -v dnf >/dev/null; then
  dnf -y --setopt=install_weak_deps=False install "$@"
  dnf -y clean all
elif command -v microdnf >/dev/null; then
  microdnf -y install "$@"
elif command -v pacman >/dev/null; then
  pacman -Sy --noconfirm --needed "$@"
elif command -v zypper >/dev/null; then
  zypper --non-interactive install --no-recommends "$@"
else
  echo "this system has none of apt-get, apk, dnf, microdnf, pacman and zypper" >&2
  exit 127
fi
`;

/** What is copied comes on stdin, and is at its place whole or not at all. */
const COPY = `
mkdir -p -- "$(dirname -- "$1")"
cat > "$1.banger-new"
chmod "$2" "$1.banger-new"
mv -f -- "$1.banger-new" "$1"
`;

/** @param env of the recipe. */
export function commandOf({ step }: Pick<ReadStep, "step">, env: Readonly<Record<string, string>>): ExecSpec {
  const sh = (script: string, words: readonly string[], more: Readonly<Record<string, string>> = {}): ExecSpec => ({
    argv: ["/bin/sh", "-eu", "-c", script, "step", ...words],
    env: { ...env, ...more },
    cwd: "/",
    user: "root",
  });
  if ("packages" in step) return sh(INSTALL, step.packages);
  if ("copy" in step) return sh(COPY, [step.to, step.mode]);
  return sh(step.run, [], step.env);
}
