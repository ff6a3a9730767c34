/**
 * The head of an HTTP/1 request, as far as the proxy needs it: which vm and which port is meant. Pure, of bytes that any web page may have
 * had sent.
 *
 * The host has to be written in exactly one way. A name that somebody has lead to this computer, so that a page of theirs may read what it
 * gets, is not that name.
 */
export interface Wanted {
  readonly vm: string;
  readonly port: number;
}

/** What is wrong, in words for whoever sent it. */
export interface BadHead {
  readonly wrong: string;
}

/** A browser sends less than half of it. */
export const MOST_HEAD_BYTES = 32 * 1024;

const REQUEST_LINE = /^[A-Z]{1,32} (?<target>[\x21-\x7e]+) HTTP\/1\.[01]$/;
const FIELD = /^(?<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(?<value>[^\r\n\0]*)$/;
const HOST = /^(?<port>[1-9]\d{0,4})\.(?<vm>[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)\.localhost(?::\d{1,5})?$/;

/** Undefined while the head is not whole. */
export function readHead(bytes: Buffer): Wanted | BadHead | undefined {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0)
    return bytes.length > MOST_HEAD_BYTES ? { wrong: `the head of the request is longer than ${MOST_HEAD_BYTES} bytes` } : undefined;
  const [first = "", ...fields] = bytes.toString("latin1", 0, end).split("\r\n");
  const target = REQUEST_LINE.exec(first)?.groups?.["target"];
  if (target === undefined) return { wrong: "this is no request of HTTP/1" };
  // One that names a host of its own, or a tunnel, is for another kind of proxy.
  if (!target.startsWith("/") && target !== "*") return { wrong: "the target of the request is not a path" };
  const hosts: string[] = [];
  const origins: string[] = [];
  let upgrades = false;
  for (const field of fields) {
    const { name, value = "" } = FIELD.exec(field)?.groups ?? {};
    if (name === undefined) return { wrong: "the head of the request has a line that is no field" };
    const key = name.toLowerCase();
    if (key === "host") hosts.push(value.trimEnd());
    if (key === "origin") origins.push(value.trimEnd());
    if (key === "upgrade") upgrades = true;
  }
  const groups = hosts.length === 1 ? HOST.exec(hosts[0] ?? "")?.groups : undefined;
  const [vm, port] = [groups?.["vm"], Number(groups?.["port"])];
  if (vm === undefined || port > 65_535) return { wrong: "the host of the request is not PORT.NAME.localhost" };
  if (upgrades && !origins.every((origin) => isOfVm(origin, vm)))
    return { wrong: "a page that is not of this vm may open no WebSocket to it" };
  return { vm, port };
}

/** What a page may read of another is the browser's business, but for WebSockets: those it leaves to whoever answers. */
function isOfVm(origin: string, vm: string): boolean {
  return origin.startsWith("http://") && HOST.exec(origin.slice("http://".length))?.groups?.["vm"] === vm;
}
