import type { DebianArchive, DebianSource } from "../../catalog/catalog.ts";
import { BangerError } from "../../contract/errors.ts";
import type { OperationContext } from "../../operations/operations.ts";

/**
 * The suite, and what corrects it where a mirror has that: updates and security. Each release is verified before apt asks for it again:
 * apt takes every key of Debian's keyring, and remembers nothing of what it has seen.
 */
export async function findSources(
  archive: DebianArchive,
  suite: string,
  what: string,
  context: OperationContext,
): Promise<readonly DebianSource[]> {
  const given = await archive.sources(suite);
  const main = await thoseThatHaveIt(archive, given, context);
  if (main.length === 0) {
    throw new BangerError("unavailable", "mirror_lacks_suite", `${what}: ${nameAll(given)} has no ${suite}`, {
      hint: "set debian.mirror in the config to the address of a Debian mirror, such as http://HOST/debian",
    });
  }
  const additions = await Promise.all(
    [`${suite}-updates`, `${suite}-security`].map((addition) => findAddition(archive, addition, context)),
  );
  return [...main, ...additions.flat()];
}

async function findAddition(archive: DebianArchive, suite: string, context: OperationContext): Promise<readonly DebianSource[]> {
  let given: readonly DebianSource[];
  try {
    given = await archive.sources(suite);
  } catch (error) {
    if (!(error instanceof BangerError) || error.code !== "no_debian_mirror") throw error;
    context.notice(`No source for ${suite} is configured: the image is made without it.`);
    return [];
  }
  const found = await thoseThatHaveIt(archive, given, context);
  if (found.length === 0) {
    const other = suite.endsWith("-security") ? " Another mirror for it: debian.security_mirror in the config." : "";
    context.notice(`${nameAll(given)} has no ${suite}: the image is made without it.${other}`);
  }
  return found;
}

async function thoseThatHaveIt(
  archive: DebianArchive,
  sources: readonly DebianSource[],
  { signal }: OperationContext,
): Promise<readonly DebianSource[]> {
  const found: DebianSource[] = [];
  for (const source of sources) if (await archive.verifySuite(source, { signal })) found.push(source);
  return found;
}

function nameAll(sources: readonly DebianSource[]): string {
  return sources.map(({ uri }) => uri).join(" and ");
}
