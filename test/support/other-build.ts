/** Other builds of the binary: the same sources with a few words changed, as an older or newer banger would have them. */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { WIRE_PROTOCOL } from "../../src/agent/hello.ts";
import { VERSION } from "../../src/contract/version.ts";
import { REPOSITORY } from "./world.ts";

/** Text that stands in a file of the sources once, and what is to stand there. */
interface Change {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

export const OTHER_VERSION = "0.0.9-test";

const ofVersion: Change = { file: "src/contract/version.ts", from: `VERSION = "${VERSION}"`, to: `VERSION = "${OTHER_VERSION}"` };
const ofProtocol: Change = {
  file: "src/agent/hello.ts",
  from: `WIRE_PROTOCOL = ${WIRE_PROTOCOL}`,
  to: `WIRE_PROTOCOL = ${WIRE_PROTOCOL + 1}`,
};

/** A build that calls itself `OTHER_VERSION`; its path. */
export const buildOtherVersion = (): Promise<string> => build("banger-other-version", [ofVersion]);

/** The same, and its daemon speaks another protocol to agents than the agent that it carries. */
export const buildOtherProtocol = (): Promise<string> => build("banger-other-protocol", [ofVersion, ofProtocol]);

/** As `scripts/setup/build.mjs` does it; takes a second. */
async function build(name: string, changes: readonly Change[]): Promise<string> {
  const folder = join(REPOSITORY, "build/test-builds");
  mkdirSync(folder, { recursive: true });
  const changed = new Map(changes.map((change) => [join(REPOSITORY, change.file), applied(change)]));
  const outfile = join(folder, name);
  await Bun.build({
    entrypoints: [join(REPOSITORY, "src/cli/main.ts")],
    compile: { outfile },
    bytecode: true,
    format: "esm",
    splitting: true,
    target: "bun",
    plugins: [
      {
        name: "changes",
        setup: (builder) => {
          builder.onLoad({ filter: /\/src\/(?:contract\/version|agent\/hello)\.ts$/ }, ({ path }) => ({
            loader: "ts",
            contents: changed.get(path) ?? readFileSync(path, "utf8"),
          }));
        },
      },
    ],
  });
  return outfile;
}

function applied({ file, from, to }: Change): string {
  const parts = readFileSync(join(REPOSITORY, file), "utf8").split(from);
  if (parts.length !== 2) throw new Error(`${file} has ${parts.length - 1} times: ${from}`);
  return parts.join(to);
}
