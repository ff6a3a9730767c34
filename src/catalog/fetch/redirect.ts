/** Where a mirror may send us. Content is verified anyway; this is about whom we knock at on a stranger's word. */

const INNER = [
  /^localhost$/,
  /\.localhost$/,
  /^127\./,
  /^169\.254\./,
  /^0\./,
  /^\[::1?\]$/,
  /^\[fe[89ab]/,
  /^\[::ffff:/,
  /^metadata(\.|$)/,
];

export type RedirectVerdict = { readonly is: "go"; readonly url: URL } | { readonly is: "refused"; readonly why: string };

/** Decides about a `Location` header in the answer to `from`. */
export function decideRedirect(from: URL, location: string | null): RedirectVerdict {
  if (location === null || !URL.canParse(location, from.href)) return { is: "refused", why: "its target is not an address" };
  const url = new URL(location, from.href);
  if (url.protocol !== "http:" && url.protocol !== "https:") return { is: "refused", why: `it leads to ${url.protocol}` };
  if (from.protocol === "https:" && url.protocol === "http:") return { is: "refused", why: "it leads from https to http" };
  if (url.username !== "" || url.password !== "") return { is: "refused", why: "its target has a password" };
  if (url.hostname !== from.hostname && INNER.some((pattern) => pattern.test(url.hostname))) {
    return { is: "refused", why: `it leads to ${url.hostname}, which is this computer or its surroundings` };
  }
  return { is: "go", url };
}
