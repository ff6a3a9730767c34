import type { Server } from "node:http";
import type { Duplex } from "node:stream";
import { BangerError } from "../contract/errors.ts";
import { answerError, errorResponse } from "./answer.ts";

const TOO_LARGE = 431;
/** A client that is still sending reads the answer only after that; then it is cut off. */
const LINGER_MS = 1000;

/** Has an error document answer also what never becomes a request of ours: bytes that are not HTTP, and what HTTP has besides. */
export function refuseOddRequests(web: Server): void {
  web.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    // It went away: nobody is there to be answered.
    if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
    if (error.code === "HPE_HEADER_OVERFLOW") {
      const tooLarge = new BangerError("invalid", "head_too_large", "the head of the request is too large", { cause: error });
      return endWith(socket, errorResponse(tooLarge, TOO_LARGE));
    }
    endWith(socket, errorResponse(new BangerError("invalid", "invalid_http", "the request is not HTTP/1.1", { cause: error })));
  });
  web.on("connect", (request, socket) => {
    endWith(socket, errorResponse(new BangerError("not_found", "no_such_route", `there is no CONNECT ${request.url} here`)));
  });
  web.on("checkExpectation", (request, response) => {
    answerError(response, new BangerError("invalid", "invalid_http", `cannot do what the request expects: ${request.headers.expect}`));
  });
}

function endWith(socket: Duplex, answer: string): void {
  socket.on("error", () => undefined);
  socket.end(answer);
  socket.resume();
  const cutOff = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once("close", () => clearTimeout(cutOff));
}
