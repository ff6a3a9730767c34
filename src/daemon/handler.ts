import type { Duplex } from "node:stream";
import type { OperationEvent } from "../contract/events.ts";
import type { InputOf, OutputOf } from "../contract/operation.ts";
import type { OperationName, Operations as OperationTable } from "../contract/operation-table.ts";
import type { OperationContext } from "../operations/operations.ts";
import type { DaemonSelf, Rooms } from "./rooms.ts";

export type HandlerParts = Rooms & { readonly daemon: DaemonSelf };

type Input<Name extends OperationName> = InputOf<OperationTable[Name]>;
type Output<Name extends OperationName> = OutputOf<OperationTable[Name]>;

interface HandlerOfKind<Name extends OperationName> {
  readonly query: (parts: HandlerParts, input: Input<Name>) => Output<Name> | Promise<Output<Name>>;
  readonly change: (parts: HandlerParts, input: Input<Name>) => Output<Name> | Promise<Output<Name>>;
  readonly long: (parts: HandlerParts, input: Input<Name>, context: OperationContext) => Promise<Output<Name>>;
  readonly events: (parts: HandlerParts, input: Input<Name>, signal: AbortSignal) => AsyncIterable<OperationEvent>;
  readonly follow: (parts: HandlerParts, input: Input<Name>, signal: AbortSignal) => AsyncIterable<Output<Name>>;
  readonly stream: (parts: HandlerParts, input: Input<Name>, signal: AbortSignal) => Promise<Duplex>;
}

/** What does the work of one operation; its form follows the operation's kind. */
export type Handler<Name extends OperationName> = HandlerOfKind<Name>[OperationTable[Name]["kind"]];

/** The handlers of one noun: `HandlersOf<"vm">`. */
export type HandlersOf<Noun extends string> = {
  readonly [Name in Extract<OperationName, `${Noun}.${string}`>]: Handler<Name>;
};

/** A handler for every operation. */
export type Handlers = { readonly [Name in OperationName]: Handler<Name> };
