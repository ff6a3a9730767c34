# What the golden image takes from elsewhere than Debian's signed archive, and which of it. The recipe and the Dockerfile both
# read this file. It is assignments alone, one a line, without quotes: a program reads it, too.

# Docker: `upstream` is Docker CE of download.docker.com, `debian` what Debian has.
DOCKER_FROM=upstream
DOCKER_SOURCE=https://download.docker.com/linux/debian
DOCKER_KEY_FINGERPRINT=9DC858229FC7DD38854AE2D88D81803C0EBFCD88

# The registry of npm. The scripts take the one that npm uses where they run; what comes from it is held to the digests below.
NPM_REGISTRY=

# Programs, by the sha256 of npm's tarballs. One without a digest for an architecture is not installed there.
NODE_VERSION=24.21.0
NODE_SHA256_amd64=61ecf27ad70afee991b671c28561eb497028294a67d132f9bbaac9ad73f81d3b
NODE_SHA256_arm64=fba3076c16d21e5d814577436bdcb782b9b66bed09c6fa8278298e8933288bbb
NPM_VERSION=11.21.2
NPM_SHA256=8ad8563b81e71b90ef405b140bccf3ba9b5e7884ab210bd49ee4e2f4bc6f61f5
MISE_VERSION=2026.9.15
MISE_SHA256_amd64=b51f2463bc4fcdc3b0959b1454792f64be3612e73d856cbca4a062e39e070e74
MISE_SHA256_arm64=

# The coding tools, by their exact versions in the registry of npm.
OPENCODE_VERSION=1.18.33
CLAUDE_VERSION=2.1.332
PI_VERSION=1.6.0
