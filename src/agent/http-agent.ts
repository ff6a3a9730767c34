import { constants, type ClientHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import type { Duplex, Readable } from "node:stream";
import { BangerError } from "../contract/errors.ts";
import type { Probe } from "../contract/schemas/requirement.ts";
import type { Clock } from "../system/system.ts";
import type { Agent, Amended, Amendment, ExportWanted, GuestPlan, GuestReport, Health, Hello, Offer, SshPrepared } from "./agent.ts";
import type { GuestPorts, GuestStats } from "../contract/schemas/guest.ts";
import {
  guestAmended,
  guestForgotten,
  guestHealth,
  guestPorts,
  guestReport,
  guestSsh,
  guestSshd,
  guestStats,
  guestWaited,
} from "./answers.ts";
import { escapeGuestText } from "../contract/escape-guest-text.ts";
import { abortReason, agentTooOld, portClosed, portInUse, tooManyConnections } from "./guest-errors.ts";
import { GuestStream } from "./guest-stream.ts";
import { openHttpSession } from "./http-session.ts";
import { keepAlive, type KeepAliveTimes } from "./keep-alive.ts";
import { parseGuestJson } from "./parse-guest-json.ts";
import { openStream, requestJson } from "./request-json.ts";
import { watchInstall } from "./watch-install.ts";
import { watchOffers } from "./watch-offers.ts";

/** Of the 512 streams that the guest's end takes at once: the others are for commands, copies and questions. */
const MOST_CONNECTIONS = 256;

/** The routes of the wire over one session. */
export class HttpAgent implements Agent {
  readonly hello: Hello;
  readonly closed: Promise<string>;
  readonly #session: ClientHttp2Session;
  readonly #ping: (signal: AbortSignal) => void;
  readonly #close: (why: string) => void;
  #connections = 0;
  /** Aborted while the guest stands still. */
  #pinging = new AbortController();

  constructor(socket: Socket, hello: Hello, clock: Clock, times: KeepAliveTimes) {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.hello = hello;
    this.closed = promise;
    this.#session = openHttpSession(socket);
    this.#close = (why) => {
      resolve(why);
      this.#pinging.abort();
      this.#session.destroy();
      socket.destroy();
    };
    this.#session.on("error", (error) => this.#close(`the guest broke the protocol: ${error.message}`));
    // Without an error it is a farewell: what is under way, such as a command that is told to end, still comes to its end.
    this.#session.on("goaway", (code) => {
      if (code !== constants.NGHTTP2_NO_ERROR) this.#close("the guest ended the session");
    });
    this.#session.on("close", () => this.#close("the connection ended"));
    socket.on("close", () => this.#close("the connection ended"));
    this.#ping = (signal) => {
      void keepAlive(this.#session, clock, times, signal).then((how) => {
        if (how === "silent") this.#close(`the guest did not answer a ping in ${times.pingDeadlineMs / 1000} s`);
      });
    };
    this.#ping(this.#pinging.signal);
  }

  async health(signal: AbortSignal): Promise<Health> {
    return parseGuestJson(guestHealth, await requestJson(this.#session, { method: "GET", path: "/healthz", signal }), "/healthz");
  }

  async stats(signal: AbortSignal): Promise<GuestStats> {
    return parseGuestJson(guestStats, await this.#look("/stats", signal), "/stats");
  }

  async ports(signal: AbortSignal): Promise<GuestPorts> {
    return parseGuestJson(guestPorts, await this.#look("/ports", signal), "/ports");
  }

  async configure(plan: GuestPlan, signal: AbortSignal): Promise<GuestReport> {
    return parseGuestJson(guestReport, await requestJson(this.#session, { method: "POST", path: "/plan", body: plan, signal }), "/plan");
  }

  async install(onLine: (line: string) => void, signal: AbortSignal): Promise<void> {
    const stream = await this.#openAccepted("POST", "/install", signal);
    stream.end();
    try {
      await watchInstall(stream, onLine);
    } finally {
      stream.destroy();
    }
  }

  async amend(amendment: Amendment, signal: AbortSignal): Promise<Amended> {
    const answer = await requestJson(this.#session, { method: "POST", path: "/amend", body: amendment, signal });
    return parseGuestJson(guestAmended, answer, "/amend");
  }

  async waitFor(probe: Probe, patienceMs: number, signal: AbortSignal): Promise<{ readonly met: boolean; readonly why: string | null }> {
    const answer = await requestJson(this.#session, { method: "POST", path: "/await", body: { probe, patienceMs }, signal });
    const { met, why } = parseGuestJson(guestWaited, answer, "/await");
    return { met, why: why === null ? null : escapeGuestText(why) };
  }

  hold(): void {
    this.#pinging.abort();
  }

  goOn(): void {
    if (!this.#pinging.signal.aborted || this.#session.destroyed) return;
    this.#pinging = new AbortController();
    this.#ping(this.#pinging.signal);
  }

  async openExec(signal: AbortSignal): Promise<Duplex> {
    return this.#openRaw("POST", "/exec", signal);
  }

  async openCopy(signal: AbortSignal): Promise<Duplex> {
    return this.#openRaw("POST", "/copy", signal);
  }

  async openExport(wanted: ExportWanted, signal: AbortSignal): Promise<Readable> {
    return knownOnly("/export", async () => this.#openAccepted("POST", "/export", signal, JSON.stringify(wanted)));
  }

  async forget(paths: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
    const ask = () => requestJson(this.#session, { method: "POST", path: "/forget", body: { paths }, signal });
    const { removed } = parseGuestJson(guestForgotten, await knownOnly("/forget", ask), "/forget");
    return removed.map(escapeGuestText);
  }

  async powerOff(signal: AbortSignal): Promise<void> {
    const couldAsk = !this.#session.destroyed;
    try {
      await requestJson(this.#session, { method: "POST", path: "/power-off", signal });
    } catch (thrown) {
      // A guest that goes down may take its answer with it: what was asked for has happened.
      const wentDown = couldAsk && thrown instanceof BangerError && thrown.code === "guest_connection_lost";
      if (!wentDown) throw thrown;
    }
  }

  async dial(port: number, signal: AbortSignal): Promise<Duplex> {
    try {
      return await this.#connect(`/dial/tcp/${port}`, signal);
    } catch (thrown) {
      if (thrown instanceof BangerError && thrown.data?.["status"] === 502) throw portClosed(port, thrown);
      throw thrown;
    }
  }

  async dialDatagrams(port: number, signal: AbortSignal): Promise<Duplex> {
    const path = `/dial/udp/${port}`;
    return knownOnly(path, () => this.#connect(path, signal));
  }

  async listen(port: number, signal: AbortSignal): Promise<AsyncIterable<Offer>> {
    const path = `/listen/tcp/${port}`;
    try {
      return watchOffers(await knownOnly(path, () => this.#openAccepted("POST", path, signal)));
    } catch (thrown) {
      if (thrown instanceof BangerError && thrown.data?.["status"] === 409) throw portInUse(port, thrown);
      throw thrown;
    }
  }

  async prepareSsh(authorizedKey: string, signal: AbortSignal): Promise<SshPrepared> {
    const ask = () => requestJson(this.#session, { method: "POST", path: "/ssh/prepare", body: { authorizedKey }, signal });
    return parseGuestJson(guestSsh, await knownOnly("/ssh/prepare", ask), "/ssh/prepare");
  }

  async giveSshServer(sha256: string, program: Uint8Array, signal: AbortSignal): Promise<void> {
    const path = `/ssh/server/${sha256}`;
    const stream = await knownOnly(path, () => this.#openAccepted("POST", path, signal, program));
    stream.destroy();
  }

  async hasSshd(signal: AbortSignal): Promise<boolean> {
    const answer = await requestJson(this.#session, { method: "GET", path: "/ssh", signal });
    return parseGuestJson(guestSshd, answer, "/ssh").image !== null;
  }

  async openSsh(signal: AbortSignal): Promise<Duplex> {
    return this.#openAccepted("POST", "/ssh", signal);
  }

  async *watchOffers(signal: AbortSignal): AsyncGenerator<Offer, void, undefined> {
    const stream = await this.#openAccepted("GET", "/accept", signal);
    yield* watchOffers(stream);
  }

  async takeOffer(id: number, signal: AbortSignal): Promise<Duplex> {
    return this.#connect(`/offers/${id}`, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#close("it was closed");
    await this.closed;
  }

  #look(path: string, signal: AbortSignal): Promise<Uint8Array> {
    return knownOnly(path, () => requestJson(this.#session, { method: "GET", path, signal }));
  }

  /** Does not wait for the answer: the first bytes travel with the request, and a refusal arrives as the stream's error. */
  #openRaw(method: "GET" | "POST", path: string, signal: AbortSignal): GuestStream {
    if (signal.aborted) throw abortReason(signal, `cannot ask the guest agent for ${path}`);
    const stream = new GuestStream(this.#session, openStream(this.#session, method, path, false), path, signal);
    if (method === "GET") stream.end();
    return stream;
  }

  /** Whoever connects to a port can connect often. */
  async #connect(path: string, signal: AbortSignal): Promise<GuestStream> {
    if (this.#connections >= MOST_CONNECTIONS) throw tooManyConnections(MOST_CONNECTIONS);
    this.#connections += 1;
    try {
      const stream = await this.#openAccepted("POST", path, signal);
      stream.once("close", () => (this.#connections -= 1));
      return stream;
    } catch (error) {
      this.#connections -= 1;
      throw error;
    }
  }

  /** @param body sent whole, when there is one, before the answer is waited for. */
  async #openAccepted(method: "GET" | "POST", path: string, signal: AbortSignal, body?: string | Uint8Array): Promise<GuestStream> {
    const stream = this.#openRaw(method, path, signal);
    if (body !== undefined) stream.end(body);
    // `accepted` rejects with the same error, and a stream that nobody listens to would end the process by it.
    const ignore = (): void => undefined;
    stream.on("error", ignore);
    await stream.accepted;
    stream.off("error", ignore);
    return stream;
  }
}

/** An agent of an earlier version, in a guest that has run since then, does not know the path. */
async function knownOnly<T>(path: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (thrown) {
    if (thrown instanceof BangerError && thrown.data?.["status"] === 404) throw agentTooOld(path, thrown);
    throw thrown;
  }
}
