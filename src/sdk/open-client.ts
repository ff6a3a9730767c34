import type { Socket } from "node:net";
import { BangerError, fromErrorShape, hintAfterDeath, type ErrorShape } from "../contract/errors.ts";
import type { OperationEvent } from "../contract/events.ts";
import type { Verb } from "../contract/verb.ts";
import { VERBS } from "../contract/verbs.ts";
import { BYTES_PROTOCOL, COPY_PROTOCOL, EVENTS_TYPE, OPERATION_HEADER, VERSION, VERSION_HEADER } from "../contract/version.ts";
import { buildRequest } from "./build-request.ts";
import { checkSocketFolder } from "./check-socket-folder.ts";
import { followOperation } from "./follow-operation.ts";
import { readLines } from "./read-lines.ts";
import { orSilent, type Patience } from "./or-silent.ts";
import type { CallOptions, CallableName, Client, Output, Request } from "./sdk.ts";
import { unreachable } from "./unreachable.ts";

export interface ClientOptions {
  readonly socketPath: string;
  /** Where the daemon says which process it is; by this one that hangs is told with its pid. */
  readonly notePath?: string;
  /** How long one that says nothing is waited for. */
  readonly patience?: Patience;
  /** Told to the daemon; it answers only its own. */
  readonly version?: string;
  /** How long a guest may take to start a command. */
  readonly startDeadlineMs?: number;
}

/** A client of the daemon at a socket. Nothing is connected before the first call. */
export function openClient({ socketPath, notePath, patience, version = VERSION, startDeadlineMs }: ClientOptions): Client {
  const probe = (signal: AbortSignal): Promise<unknown> =>
    fetch(`http://banger${VERBS["daemon.version"].path}`, { unix: socketPath, headers: { [VERSION_HEADER]: version }, signal });
  const orTold = <T>(answer: Promise<T>): Promise<T> => orSilent(answer, probe, notePath, patience);
  const ask = async (verb: Verb, request: Readonly<Record<string, unknown>>, accept: string, signal?: AbortSignal): Promise<Response> => {
    checkSocketFolder(socketPath);
    const { method, path, body } = buildRequest(verb, request);
    const answer = fetch(`http://banger${path}`, {
      unix: socketPath,
      method,
      headers: { [VERSION_HEADER]: version, accept, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
      // A log may be silent for long.
      ...(verb.kind === "follow" ? { timeout: false } : {}),
    }).catch((error: unknown) => {
      throw signal?.aborted === true ? error : unreachable(socketPath, error);
    });
    // A log may be silent before its first line, too.
    const response = await (verb.kind === "follow" ? answer : orTold(answer));
    if (response.ok) return response;
    throw await failureOf(response);
  };
  const askForAll = async (verb: Verb, request: Readonly<Record<string, unknown>>, signal?: AbortSignal): Promise<unknown> => {
    const response = await ask(verb, request, "application/json", signal);
    return response.json().catch((error: unknown) => {
      throw signal?.aborted === true || error instanceof SyntaxError ? error : unreachable(socketPath, error);
    });
  };
  // A daemon that is killed takes connections for a moment longer. What only reads can be asked again: the next daemon answers, or nobody.
  const askForAllAgain = (...given: Parameters<typeof askForAll>): Promise<unknown> =>
    askForAll(...given).catch((error: unknown) => {
      if (given[0].method === "GET" && error instanceof BangerError && error.code === "daemon_broke_off") return askForAll(...given);
      throw error;
    });
  const openEvents = async (operation: string, from: number, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>> =>
    bytesOf(await ask(VERBS["operation.events"], { operation, from }, EVENTS_TYPE, signal));
  const openCopy = async (vm: string, first: Uint8Array): Promise<Socket> => {
    checkSocketFolder(socketPath);
    const { openUpgrade } = await import("./open-upgrade.ts");
    return orTold(openUpgrade({ socketPath, version, verb: VERBS["vm.copy"], request: { vm }, protocol: COPY_PROTOCOL, first }));
  };
  const openBytes = async (verb: Verb, request: Readonly<Record<string, unknown>>): Promise<Socket> => {
    checkSocketFolder(socketPath);
    const { openUpgrade } = await import("./open-upgrade.ts");
    return orTold(openUpgrade({ socketPath, version, verb, request, protocol: BYTES_PROTOCOL }));
  };

  return {
    async call<Name extends CallableName>(name: Name, request: Request<Name>, options: CallOptions = {}): Promise<Output<Name>> {
      const verb = VERBS[name];
      if (verb.kind !== "long") return (await askForAllAgain(verb, request, options.signal)) as Output<Name>;
      const response = await ask(verb, request, EVENTS_TYPE, options.signal);
      const operation = response.headers.get(OPERATION_HEADER) ?? "";
      options.onOperation?.(operation);
      // The first connection brings the events by itself; only a second one has to ask for them.
      let first: AsyncIterable<Uint8Array> | undefined = bytesOf(response);
      const open = async (from: number): Promise<AsyncIterable<Uint8Array>> => {
        const stream = first ?? (await openEvents(operation, from, options.signal).catch((error: unknown) => forbidRepeat(name, error)));
        first = undefined;
        return stream;
      };
      return (await outputOf(followOperation(open, 0), options.onEvent)) as Output<Name>;
    },
    events: (operation, from = 0, signal) =>
      followOperation(
        (next) => openEvents(operation, next, signal),
        from,
        async () =>
          ((await askForAllAgain(VERBS["operation.show"], { operation }, signal)) as Output<"operation.show">).state !== "running",
      ),
    async openLog(request, signal) {
      return readLines(bytesOf(await ask(VERBS["vm.follow"], request, EVENTS_TYPE, signal)));
    },
    async openConsole(vm, from) {
      checkSocketFolder(socketPath);
      const { openConsole } = await import("./open-console.ts");
      return orTold(openConsole(socketPath, version, vm, from));
    },
    async exec(vm, spec) {
      checkSocketFolder(socketPath);
      const { openExec } = await import("./open-exec.ts");
      // What only matters once the command runs is loaded while it starts.
      const [socket, { startSession }] = await Promise.all([orTold(openExec(socketPath, version, vm, spec)), import("./start-session.ts")]);
      return startSession(socket, startDeadlineMs);
    },
    dial: (vm, port) => openBytes(VERBS["vm.dial"], { vm, port }),
    openSsh: (vm) => openBytes(VERBS["ssh.connect"], { vm }),
    async copyIn(vm, from, to, options = {}) {
      const { copyIn } = await import("./copy/copy.ts");
      return copyIn((first) => openCopy(vm, first), from, to, options);
    },
    async copyOut(vm, from, to, options = {}) {
      const { copyOut } = await import("./copy/copy.ts");
      return copyOut((first) => openCopy(vm, first), from, to, options);
    },
  };
}

async function outputOf(events: AsyncIterable<OperationEvent>, onEvent: CallOptions["onEvent"]): Promise<unknown> {
  for await (const event of events) {
    onEvent?.(event);
    if (event.type !== "outcome") continue;
    if (event.ok) return event.output;
    throw fromErrorShape(event.error);
  }
  throw new BangerError("unavailable", "no_outcome", "the events of the operation ended without an outcome");
}

/** The request was taken: whoever hears `daemon_unreachable` might send it again. */
function forbidRepeat(operation: string, error: unknown): never {
  if (!(error instanceof BangerError) || error.code !== "daemon_unreachable") throw error;
  throw new BangerError("unavailable", "daemon_broke_off", "the banger daemon ended before the operation did", {
    hint: hintAfterDeath(operation),
    cause: error,
  });
}

function bytesOf(response: Response): AsyncIterable<Uint8Array> {
  return response.body ?? new ReadableStream<Uint8Array>();
}

async function failureOf(response: Response): Promise<Error> {
  const text = await response.text();
  try {
    return fromErrorShape(JSON.parse(text) as ErrorShape);
  } catch (error) {
    return new Error(`the daemon answered ${response.status} with something that is no error of banger`, { cause: error });
  }
}
