/** The order of Debian versions, as in deb-version(7). */

/** Negative when `a` is older than `b`, 0 when equal. */
export function compareDebianVersions(a: string, b: string): number {
  const [left, right] = [split(a), split(b)];
  return left.epoch - right.epoch || comparePart(left.upstream, right.upstream) || comparePart(left.revision, right.revision);
}

function split(version: string): { readonly epoch: number; readonly upstream: string; readonly revision: string } {
  const colon = version.indexOf(":");
  const rest = version.slice(colon + 1);
  const dash = rest.lastIndexOf("-");
  return {
    epoch: colon < 0 ? 0 : Number(version.slice(0, colon)),
    upstream: dash < 0 ? rest : rest.slice(0, dash),
    revision: dash < 0 ? "" : rest.slice(dash + 1),
  };
}

/** Text and numbers take turns: text by character weight, numbers by value. */
function comparePart(a: string, b: string): number {
  let [left, right] = [a, b];
  while (left !== "" || right !== "") {
    const [leftText, rightText] = [/^\D*/.exec(left)?.[0] ?? "", /^\D*/.exec(right)?.[0] ?? ""];
    const byText = compareText(leftText, rightText);
    if (byText !== 0) return byText;
    const [leftNumber, rightNumber] = [
      /^\d*/.exec(left.slice(leftText.length))?.[0] ?? "",
      /^\d*/.exec(right.slice(rightText.length))?.[0] ?? "",
    ];
    const byNumber = BigInt(leftNumber || "0") - BigInt(rightNumber || "0");
    if (byNumber !== 0n) return byNumber < 0n ? -1 : 1;
    left = left.slice(leftText.length + leftNumber.length);
    right = right.slice(rightText.length + rightNumber.length);
  }
  return 0;
}

function compareText(a: string, b: string): number {
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const difference = weight(a[at]) - weight(b[at]);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** A tilde sorts before the end, the end before letters, letters before the rest. */
function weight(character: string | undefined): number {
  if (character === "~") return -1;
  if (character === undefined) return 0;
  const code = character.charCodeAt(0);
  return /[A-Za-z]/.test(character) ? code : code + 256;
}
