import { VERSION } from "../../contract/version.ts";
import type { Run } from "../command.ts";
import { print } from "../print.ts";
import { printJson } from "../print-json.ts";

/** `banger version` */
export const version: Run = async ({ json }, { stdout }) => {
  if (json) printJson(stdout.descriptor, { version: VERSION });
  else print(stdout.descriptor, `banger ${VERSION}\n`);
  return 0;
};
