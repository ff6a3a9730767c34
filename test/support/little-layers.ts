/**
 * A program of the name of banger-layers that keeps to its words: it reads the document, tells how far it is, and makes a file of what it was
 * asked for. What the real one makes of layers is its own tests' matter.
 */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const WELL = String.raw`
[ "$1" = merge ]
cat > "$2"
echo '{"progress":{"readBytes":1}}'
bytes=$(stat -c %s "$2")
echo "{\"done\":{\"bytes\":$bytes,\"entries\":2,\"checksum\":\"sha256:$(sha256sum "$2" | cut -c1-64)\",\"release\":null,\"hasSeed\":false}}"
`;

/** @param body what it does instead, in the words of a shell. Gives its path. */
export function writeLittleLayers(folder: string, body: string = WELL): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "banger-layers");
  writeFileSync(path, `#!/bin/sh\nset -eu\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}
