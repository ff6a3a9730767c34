/** An image as people have them: some 900 MB of Debian with compilers and languages in it, in four layers. Made once and kept. */
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { REPOSITORY } from "../test/support/world.ts";

const PACKAGES = "build-essential,ca-certificates,git,golang-go,openssh-server,openjdk-17-jre-headless,python3-dev,systemd,vim";
/** What each layer keeps of the tree; folders on the way come along. */
const LAYERS = [
  "--path-exclude=/usr/lib/* --path-exclude=/usr/share/* --path-exclude=/usr/bin/*",
  "--path-exclude=/* --path-include=/usr/share/*",
  "--path-exclude=/* --path-include=/usr/lib/jvm/* --path-include=/usr/lib/go* --path-include=/usr/bin/*",
  "--path-exclude=/* --path-include=/usr/lib/* --path-exclude=/usr/lib/jvm/* --path-exclude=/usr/lib/go*",
];

export interface DebianLayers {
  /** The folder of an OCI layout, by how its layers are compressed; the image in it is called `it`. */
  readonly layouts: Readonly<Record<"gzip" | "zstd", string>>;
  /** Paths of the layers' blobs, the bottom one first. */
  blobs(compression: "gzip" | "zstd"): Promise<readonly string[]>;
}

export async function openDebianLayers(): Promise<DebianLayers> {
  const folder = join(REPOSITORY, "build/bench-layers");
  if (!existsSync(folder)) await make(folder);
  const layouts = { gzip: join(folder, "gzip"), zstd: join(folder, "zstd") };
  return { layouts, blobs: (compression) => blobsOf(layouts[compression]) };
}

async function make(folder: string): Promise<void> {
  const draft = `${folder}.new`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft);
  const sources = ["/etc/apt/sources.list.d/debian.sources", "/etc/apt/sources.list"].find((path) => existsSync(path));
  if (sources === undefined) throw new Error("apt's own list of sources is not where it is looked for");
  const layers = LAYERS.map(
    (filter, at) => `mmtarfilter ${filter} <all.tar >${at}.tar; umoci raw add-layer --image gzip:it ${at}.tar; rm ${at}.tar`,
  );
  const script = [
    `mmdebstrap --quiet --mode=root --variant=minbase --include=${PACKAGES} bookworm all.tar ${sources}`,
    "umoci init --layout gzip; umoci new --image gzip:it",
    ...layers,
    "skopeo copy --quiet --dest-compress --dest-compress-format zstd oci:gzip:it oci:zstd:it",
    "rm all.tar",
  ];
  const child = Bun.spawn(["sh", "-ec", script.join("\n")], { cwd: draft, stdout: "ignore", stderr: "pipe" });
  const said = await new Response(child.stderr).text();
  if ((await child.exited) !== 0) throw new Error(`cannot make an image to measure with: ${said}`);
  await rename(draft, folder);
}

async function blobsOf(layout: string): Promise<readonly string[]> {
  const read = async (path: string): Promise<unknown> => Bun.file(join(layout, path)).json();
  const blob = (digest: string): string => `blobs/sha256/${digest.slice("sha256:".length)}`;
  const index = (await read("index.json")) as { manifests: readonly { digest: string }[] };
  const manifest = (await read(blob(index.manifests[0]?.digest ?? ""))) as { layers: readonly { digest: string }[] };
  return manifest.layers.map(({ digest }) => join(layout, blob(digest)));
}
