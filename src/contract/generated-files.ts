import { describeVerb } from "./describe-verb.ts";
import { openapi } from "./openapi.ts";
import { OPERATIONS } from "./operation-table.ts";

/** What is generated from the operations: texts by path below the repository's root. `npm run generate` writes them. */
export function generatedFiles(): ReadonlyMap<string, string> {
  const verbs = Object.fromEntries(Object.entries(OPERATIONS).map(([name, operation]) => [name, describeVerb(operation)]));
  return new Map([
    ["openapi.json", `${JSON.stringify(openapi(Object.values(OPERATIONS)), undefined, 2)}\n`],
    ["src/contract/verbs.ts", verbsText(verbs)],
  ]);
}

function verbsText(verbs: unknown): string {
  return `/** Generated from the operations by \`npm run generate\`; do not edit. */
import type { OperationName } from "./operation-table.ts";
import type { Verb } from "./verb.ts";

// prettier-ignore
export const VERBS: Readonly<Record<OperationName, Verb>> = ${JSON.stringify(verbs, undefined, 2)};
`;
}
