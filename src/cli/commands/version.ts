import { VERSION } from "../../contract/version.ts";
import type { Run } from "../command.ts";
import { print } from "../print.ts";

/** `banger version` */
export const version: Run = async ({ json }, { stdout }) => {
  print(stdout.descriptor, json ? `${JSON.stringify({ version: VERSION })}\n` : `banger ${VERSION}\n`);
  return 0;
};
