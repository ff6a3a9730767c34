/** Publishes in a process of its own, over the folder of a test's publisher: to be killed, to race, or to believe another CA. */
import { publishBundle } from "../../src/catalog/publish/publish.ts";
import { runUnrecorded } from "../../src/operations/run-unrecorded.ts";
import { makeJsonLog } from "../../src/system/json-log.ts";
import { makeSystem } from "../../src/system/make-system.ts";
import { entryOf } from "../support/publishing.ts";

interface Request {
  readonly folder: string;
  readonly to: string;
  /** One after the other. */
  readonly names: readonly string[];
  readonly catalog?: string;
}

const { folder, to, names, catalog } = JSON.parse(process.argv[2] ?? "") as Request;
const system = makeSystem({ ...process.env, BANGER_HOME: `${folder}/home` }, makeJsonLog(2));
for (const name of names) {
  const request = {
    bundlePath: `${folder}/${name}.bundle`,
    entry: entryOf(name),
    to,
    endpoint: undefined,
    publicUrl: undefined,
    catalog: catalog ?? `${folder}/catalog.json`,
    catalogName: undefined,
    secretKeyPath: `${folder}/acme.key`,
    validForMs: undefined,
    credentialsPath: undefined,
    askPassword: () => Promise.reject(new Error("asked for a password")),
  };
  const parts = { system, variables: process.env, retryDelaysMs: [20, 50], stallMs: 5000 };
  const published = await runUnrecorded(
    system.clock,
    (context) => publishBundle(parts, request, context),
    () => undefined,
    new AbortController().signal,
  );
  console.log(JSON.stringify(published));
}
