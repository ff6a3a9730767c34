import { EXIT } from "../../contract/errors.ts";
import type { Run } from "../command.ts";
import { openDaemon } from "../open-daemon.ts";
import { print } from "../print.ts";
import { callEach, operation } from "./operation.ts";

/** `banger catalog update [NAME...]`: without a name all but the one inside the program, which is updated with the program. */
export const catalogUpdate: Run = async (invocation, environment) => {
  if ("catalog" in invocation.given) return operation("catalog.update")(invocation, environment);
  const client = openDaemon(environment);
  const { catalogs } = await client.call("catalog.list", {});
  const repeated = catalogs.flatMap(({ name, source }) => (source === "program" ? [] : [name]));
  if (repeated.length > 0 || invocation.json) return callEach(client, "catalog.update", { ...invocation, repeated }, environment);
  print(environment.stdout.descriptor, "there is no catalog but the one inside the program; banger catalog add adds one\n");
  return EXIT.done;
};
