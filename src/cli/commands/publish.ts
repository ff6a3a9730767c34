import { resolve } from "node:path";
import { BangerError, EXIT } from "../../contract/errors.ts";
import { escapeText } from "../../contract/escape-text.ts";
import type { Published, Pushed, PushRequest } from "../../contract/local-work.ts";
import { parseDuration } from "../../contract/sizes.ts";
import { askPassword } from "../ask-password.ts";
import { callLong, makeProgress } from "../call-long.ts";
import type { Invocation, Run } from "../command.ts";
import type { Environment } from "../environment.ts";
import { InterruptedError, INTERRUPTS, type Interrupt } from "../interrupted.ts";
import { openDaemon } from "../open-daemon.ts";
import { print } from "../print.ts";
import { printJson } from "../print-json.ts";
import { shellWord } from "../shell-word.ts";

/** `banger kernel publish` */
export const kernelPublish: Run = (invocation, environment) => publish("kernel", invocation, environment);

/** `banger image publish` */
export const imagePublish: Run = (invocation, environment) => publish("image", invocation, environment);

type Type = "kernel" | "image";

async function publish(type: Type, { given, json }: Invocation, environment: Environment): Promise<number> {
  const { to, catalog, secretKey, ...rest } = given as Readonly<Record<"to" | "catalog" | "secretKey", string>> & Given;
  const name = rest[type];
  if ((name === undefined) === (rest.bundle === undefined)) throw notOne(type);
  const work = await environment.openLocalWork();
  const words = {
    to,
    catalog: catalog.includes("://") ? catalog : resolve(catalog),
    secretKeyPath: secretKey,
    endpoint: rest.endpoint,
    publicUrl: rest.publicUrl,
    catalogName: rest.catalogName,
    credentialsPath: rest.credentials,
    validForMs: rest.validFor === undefined ? undefined : parseDuration(rest.validFor),
  };
  // A bundle that was written before has cost its time already.
  if (name !== undefined) await work.checkPublish(words);
  await using scratch = name === undefined ? undefined : await work.openScratch();
  const bundlePath = rest.bundle ?? (await bundleOf(type, name ?? "", scratch?.path ?? "", environment, json)).path;
  const request = {
    ...words,
    type,
    bundlePath,
    description: rest.description,
    askPassword: () => askPassword("password of the signing key: ", environment),
  };
  using progress = makeProgress(environment, json);
  const published = await untilInterrupted((signal) => work.publish(request, (event) => progress.tell(event), signal));
  if (json) printJson(environment.stdout.descriptor, published);
  else tell(published, environment);
  return EXIT.done;
}

/** `banger image push` */
export const imagePush: Run = async ({ given, json }, environment) => {
  const { image, to, credentials } = given as Readonly<Record<"image" | "to", string>> & Given;
  const work = await environment.openLocalWork();
  const words = { to, credentialsPath: credentials };
  await work.checkPush(words);
  await using scratch = await work.openScratch();
  const bundle = await bundleOf("image", image, scratch.path, environment, json);
  using progress = makeProgress(environment, json);
  const request = { ...words, bundle };
  const pushed = await untilInterrupted((signal) => work.push(request, (event) => progress.tell(event), signal));
  if (json) printJson(environment.stdout.descriptor, pushed);
  else tellPushed(pushed, environment);
  return EXIT.done;
};

type Given = Readonly<
  Partial<
    Record<Type | "bundle" | "endpoint" | "publicUrl" | "catalogName" | "credentials" | "description" | "validFor", string | undefined>
  >
>;

/** The daemon has the goods, and this process the credentials: they meet in a file. */
function bundleOf(type: Type, name: string, into: string, environment: Environment, quiet: boolean): Promise<PushRequest["bundle"]> {
  const client = openDaemon(environment);
  if (type === "kernel") return callLong(client, "kernel.bundle", { kernel: name, into }, environment, quiet);
  return callLong(client, "image.bundle", { image: name, into }, environment, quiet);
}

function notOne(type: Type): BangerError {
  const article = type === "image" ? "an" : "a";
  return new BangerError("invalid", "invalid_input", `cannot publish: name either ${article} ${type} or a bundle of one with --bundle`, {
    hint: `banger ${type} list, then banger ${type} publish NAME --to STORE --catalog PLACE --secret-key KEY`,
  });
}

/** Ctrl-C cancels, and what is in the middle of a change is finished or undone; a second one leaves at once. */
async function untilInterrupted<T>(body: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let asked: Interrupt | undefined;
  const listeners = INTERRUPTS.map((signal) => {
    const interrupt = (): void => {
      asked = signal;
      controller.abort();
    };
    process.once(signal, interrupt);
    return () => process.off(signal, interrupt);
  });
  try {
    return await body(controller.signal);
  } catch (error) {
    throw asked !== undefined && error instanceof BangerError && error.kind === "cancelled" ? new InterruptedError(error, asked) : error;
  } finally {
    for (const stop of listeners) stop();
  }
}

function tell({ bundle, url, isChanged, catalog }: Published, { stdout }: Environment): void {
  const { name, version, entries, expires, place, paths, checkout } = catalog;
  const count = `${entries} ${entries === 1 ? "entry" : "entries"}`;
  const lines = [
    `${escapeText(bundle)} is at ${escapeText(url)}`,
    isChanged
      ? `catalog ${name} at ${escapeText(place)} is version ${version}, with ${count}, good until ${expires}`
      : `catalog ${name} at ${escapeText(place)} says so already: nothing new`,
    ...(isChanged && checkout !== null
      ? [
          escapeText(
            `to commit: git -C ${shellWord(checkout)} add ${paths.map(shellWord).join(" ")} && git -C ${shellWord(checkout)} commit`,
          ),
        ]
      : []),
  ];
  print(stdout.descriptor, `${lines.join("\n")}\n`);
}

function tellPushed({ reference, digest, isUploaded }: Pushed, { stdout }: Environment): void {
  const lines = [
    `${escapeText(reference)} is ${digest}${isUploaded ? "" : ", and was there already"}`,
    `to pull it elsewhere: banger image pull ${escapeText(reference)}`,
  ];
  print(stdout.descriptor, `${lines.join("\n")}\n`);
}
