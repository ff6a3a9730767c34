import { escapeText } from "../../contract/escape-text.ts";
import type { Request } from "../../sdk/sdk.ts";
import { callLong } from "../call-long.ts";
import type { Run } from "../command.ts";
import { inputPath } from "../input-path.ts";
import { openDaemon } from "../open-daemon.ts";
import { print } from "../print.ts";
import { printJson } from "../print-json.ts";

/** `banger internal make-bundle`: of what comes on stdin, where nothing else is said. */
export const makeBundle: Run = async ({ given, json }, environment) => {
  const request = { ...given, from: given["from"] ?? inputPath("--from", "-") } as Request<"image.make-bundle">;
  const made = await callLong(openDaemon(environment), "image.make-bundle", request, environment, json);
  if (json) printJson(environment.stdout.descriptor, made);
  else print(environment.stdout.descriptor, `${escapeText(made.path)}\n`);
  return 0;
};
