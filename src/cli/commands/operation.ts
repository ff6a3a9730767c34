import type { OperationName } from "../../contract/operation-table.ts";
import { VERBS } from "../../contract/verbs.ts";
import type { CallableName, Client, Request } from "../../sdk/sdk.ts";
import type { Invocation, Run } from "../command.ts";
import type { Environment } from "../environment.ts";
import { escapeText } from "../../contract/escape-text.ts";
import { openDaemon } from "../open-daemon.ts";
import { print } from "../print.ts";
import { printJson } from "../print-json.ts";
import { showFailure } from "../show-failure.ts";

/** The command that is one operation: ask, wait, show. */
export function operation(name: OperationName): Run {
  return async (invocation, environment) => {
    const client = openDaemon(environment);
    if (name === "operation.events") return (await import("../follow-events.ts")).followEvents(client, invocation, environment);
    // Operations of the kind `stream` are composed commands.
    const callable = name as CallableName;
    if (invocation.repeated.length > 1) return callEach(client, callable, invocation, environment);
    // Not the daemon's business.
    const { quiet, ...request } = invocation.given;
    const output = await call(client, callable, request, invocation, environment);
    if (quiet === true && !invocation.json) showNames(callable, output, environment);
    else await show(callable, output, invocation, environment);
    return 0;
  };
}

/**
 * The operation for each of the repeated values.
 * Goes on after a failure, so that one name mistyped does not keep the others; the first failure's code is the code.
 */
export async function callEach(client: Client, name: CallableName, invocation: Invocation, environment: Environment): Promise<number> {
  const field = invocation.command.repeat ?? "";
  const outputs: unknown[] = [];
  let code = 0;
  for (const value of invocation.repeated) {
    try {
      const output = await call(client, name, { ...invocation.given, [field]: value }, invocation, environment);
      if (invocation.json) outputs.push(output);
      else await show(name, output, invocation, environment);
    } catch (error) {
      if (invocation.json) outputs.push({ [field]: value, error: (await import("../../contract/errors.ts")).toErrorShape(error) });
      const failed = showFailure(error, { ...invocation, json: false }, environment);
      code = code === 0 ? failed : code;
    }
  }
  if (invocation.json) printJson(environment.stdout.descriptor, outputs);
  return code;
}

async function call(client: Client, name: CallableName, given: unknown, { json }: Invocation, environment: Environment): Promise<unknown> {
  const request = given as Request<typeof name>;
  if (VERBS[name].kind !== "long") return client.call(name, request);
  const { callLong } = await import("../call-long.ts");
  return callLong(client, name, request, environment, json);
}

/** A name a line: fit for other commands, and so not escaped further than that a name cannot drive a terminal. */
function showNames(name: CallableName, output: unknown, { stdout }: Environment): void {
  const { quiet } = VERBS[name];
  const items = quiet === undefined ? [] : ((output as Readonly<Record<string, Readonly<Record<string, unknown>>[]>>)[quiet.list] ?? []);
  print(stdout.descriptor, items.map((item) => `${escapeText(String(item[quiet?.field ?? ""]))}\n`).join(""));
}

async function show(name: CallableName, output: unknown, { json }: Invocation, { stdout }: Environment): Promise<void> {
  if (json) return printJson(stdout.descriptor, output);
  const { showOutput } = await import("../show/output.ts");
  print(stdout.descriptor, await showOutput(name, output as never));
}
