import { EXIT } from "../../contract/errors.ts";
import { jsonLine } from "../../contract/json-line.ts";
import type { Run } from "../command.ts";
import { print } from "../print.ts";
import { runNethelper } from "../run-nethelper.ts";

/** `banger network helper`: until it is told to end. */
export const nethelper: Run = async ({ given, json }, environment) => {
  const work = await environment.openLocalWork();
  const helper = await work.findNetworkHelper(given["user"] as string | undefined);
  if (given["print"] === true) {
    const { path, text } = helper.unit;
    print(environment.stdout.descriptor, json ? jsonLine(helper) : `# ${path}\n${text}`);
    return EXIT.done;
  }
  await work.placeNetworkHelper(helper);
  return await runNethelper(helper.argv);
};
