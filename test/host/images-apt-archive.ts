/** The archive's addresses as this computer's apt knows them; nothing is fetched here. */
import { execFileSync } from "node:child_process";
import { BangerError } from "../../src/contract/errors.ts";
import type { DebianArchive, DebianSource } from "../../src/catalog/catalog.ts";

const neverHere = (): never => {
  throw new Error("this archive fetches nothing");
};

export const aptArchive: DebianArchive = {
  sources: async (suite) => {
    const lines = execFileSync("apt-get", ["indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT) $(CREATED_BY)"], {
      encoding: "utf8",
    });
    const sources = lines.split("\n").flatMap((line): DebianSource[] => {
      const [uri = "", release, component = "", createdBy] = line.split(" ");
      return createdBy === "Packages" && release === suite && component === "main"
        ? [{ uri: uri.replace(/\/$/, ""), suite, components: [component] }]
        : [];
    });
    if (sources.length === 0) throw new BangerError("unavailable", "no_debian_mirror", `no source for ${suite}`);
    return sources;
  },
  verifySuite: async () => true,
  findPackage: neverHere,
  fetchPackage: neverHere,
  probes: () => [],
  openPackage: neverHere,
};
