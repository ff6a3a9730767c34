/** The catalog inside the program. */
import type { Catalog, CatalogEntry } from "./catalog.ts";

const ENTRIES: readonly CatalogEntry[] = [
  {
    kind: "debian-image",
    name: "debian-bookworm",
    arch: "amd64",
    suite: "bookworm",
    packages: [
      "ca-certificates",
      "curl",
      "dbus",
      "git",
      "iproute2",
      "iputils-ping",
      "less",
      "libpam-systemd",
      "openssh-server",
      "procps",
      "systemd",
      "systemd-sysv",
      "udev",
    ],
    kernelRef: "debian-6.12",
    description: "Debian 12 (bookworm), minimal: systemd, an SSH server, git and curl",
  },
  {
    kind: "debian-kernel",
    name: "debian-6.12",
    arch: "amd64",
    suite: "bookworm-security",
    package: "linux-image-6.12-cloud-amd64",
    description: "Debian's own Linux 6.12 for virtual machines, with Debian's security updates",
  },
];

/** @param entries the built-in ones unless given. */
export function makeEmbeddedCatalog(entries: readonly CatalogEntry[] = ENTRIES): Catalog {
  const byName = new Map(entries.toSorted((a, b) => (a.name < b.name ? -1 : 1)).map((entry) => [entry.name, entry]));
  return { list: () => [...byName.values()], find: (name) => byName.get(name) };
}
