import { expect, test } from "bun:test";
import { commandsOf } from "./commands-of.ts";
import { NO_CONFIG } from "./image-manifest.ts";

test.each([
  ["", ""],
  ["/", "/"],
  ["/srv/app", "/srv/app"],
  ["srv/app/", "/srv/app"],
  ["/srv/./x/../app//", "/srv/app"],
  ["../../etc", "/etc"],
])("a working folder %j is %j", (workingDir, folder) => {
  expect(commandsOf({ ...NO_CONFIG, workingDir }).workingDir).toBe(folder);
});
