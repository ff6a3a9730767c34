/** What no image takes along: who somebody is, and who a computer is. Paths as `ExportWanted` has them. */

/**
 * Of the root: what is made at the first start of each vm, and what lives as long as a boot. A machine-id that is empty says that this is
 * yet to be a computer.
 */
export const IDENTITY = {
  // Of a log there is the name, with its owner: whoever writes it may not be able to make one.
  emptied: ["etc/machine-id", "var/log/"],
  leaveOut: [
    "etc/hostname",
    "etc/resolv.conf",
    "etc/ssh/ssh_host_*",
    "etc/dropbear/dropbear_*_host_key",
    "var/lib/dbus/machine-id",
    "tmp/",
    "run/",
    "var/tmp/",
    "var/lib/systemd/random-seed",
    "var/lib/systemd/credential.secret",
    "var/lib/systemd/timers/",
    "var/log/journal/",
    "var/cache/apt/archives/",
    "var/cache/apt/*.bin",
  ],
} as const;

/** Of root's home: logins, tokens and keys of the usual tools, and what somebody typed. */
export const LOGINS: readonly string[] = [
  // The coding tools.
  ".claude.json",
  ".claude/.credentials.json",
  ".claude/history.jsonl",
  ".claude/projects/",
  ".codex/auth.json",
  ".gemini/oauth_creds.json",
  ".local/share/opencode/auth.json",
  ".local/share/opencode/log/",
  ".local/share/opencode/storage/",
  ".pi/agent/auth.json",
  ".pi/agent/sessions/",
  ".config/github-copilot/",
  // git and where it is hosted.
  ".git-credentials",
  ".config/git/credentials",
  ".config/gh/hosts.yml",
  ".config/glab-cli/config.yml",
  ".netrc",
  // Registries and package indexes.
  ".docker/config.json",
  ".config/containers/auth.json",
  ".npmrc",
  ".yarnrc.yml",
  ".pypirc",
  ".gem/credentials",
  ".composer/auth.json",
  ".config/composer/auth.json",
  ".cargo/credentials",
  ".cargo/credentials.toml",
  // Clouds.
  ".aws/credentials",
  ".aws/sso/",
  ".azure/",
  ".config/gcloud/",
  ".kube/config",
  ".vault-token",
  ".terraform.d/credentials.tfrc.json",
  ".config/rclone/rclone.conf",
  // Keys.
  ".ssh/id_*",
  ".ssh/authorized_keys",
  ".ssh/agent/",
  ".gnupg/",
  ".password-store/",
  // What was typed.
  ".*_history",
  ".local/share/fish/fish_history",
  ".lesshst",
  ".viminfo",
];
