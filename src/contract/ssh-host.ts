/** What a vm is called by SSH's client. */

/** Of names that are ours: no domain of the internet ends so. */
const SUFFIX = ".banger";

export function hostOf(name: string): string {
  return `${name}${SUFFIX}`;
}

/** The name of a vm, from what the client calls it; a name by itself stays what it is. */
export function nameOfHost(host: string): string {
  return host.endsWith(SUFFIX) ? host.slice(0, -SUFFIX.length) : host;
}
