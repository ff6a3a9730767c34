/** The first byte decides the length and what the second may be (the Unicode Standard, table 3-7). */
function shapeOf(first: number): { readonly length: number; readonly least: number; readonly most: number } | undefined {
  if (first >= 0xc2 && first <= 0xdf) return { length: 2, least: 0x80, most: 0xbf };
  if (first >= 0xe0 && first <= 0xef) return { length: 3, least: first === 0xe0 ? 0xa0 : 0x80, most: first === 0xed ? 0x9f : 0xbf };
  if (first >= 0xf0 && first <= 0xf4) return { length: 4, least: first === 0xf0 ? 0x90 : 0x80, most: first === 0xf4 ? 0x8f : 0xbf };
  return undefined;
}

/** How many bytes the character of UTF-8 at `at` has, which is not ASCII; 0 when there is none; undefined when more bytes have to come first. */
export function lengthOfCharacter(bytes: Uint8Array, at: number): number | undefined {
  const shape = shapeOf(bytes[at] ?? 0);
  if (shape === undefined) return 0;
  for (let next = 1; next < shape.length; next += 1) {
    const byte = bytes[at + next];
    if (byte === undefined) return undefined;
    const [least, most] = next === 1 ? [shape.least, shape.most] : [0x80, 0xbf];
    if (byte < least || byte > most) return 0;
  }
  return shape.length;
}
