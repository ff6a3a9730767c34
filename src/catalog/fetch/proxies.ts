/** HTTP proxies as the environment names them. */

import type { ProxyEnvironment } from "../catalog.ts";

export type { ProxyEnvironment } from "../catalog.ts";

/** The proxy for a URL, or undefined for a direct connection. `HTTP_PROXY` is not read: a CGI request could set it. */
export function proxyFor(url: URL, environment: ProxyEnvironment): string | undefined {
  const given = url.protocol === "https:" ? environment.https_proxy || environment.HTTPS_PROXY : environment.http_proxy;
  if (given === undefined || given === "") return undefined;
  const exceptions = (environment.no_proxy || environment.NO_PROXY || "").split(",").map((entry) => entry.trim());
  if (exceptions.some((entry) => isException(url, entry))) return undefined;
  return given.includes("://") ? given : `http://${given}`;
}

function isException(url: URL, entry: string): boolean {
  if (entry === "") return false;
  if (entry === "*") return true;
  const [host = "", port] = entry
    .replace(/^\*?\./, "")
    .toLowerCase()
    .split(":");
  if (port !== undefined && port !== (url.port || (url.protocol === "https:" ? "443" : "80"))) return false;
  return url.hostname === host || url.hostname.endsWith(`.${host}`);
}
