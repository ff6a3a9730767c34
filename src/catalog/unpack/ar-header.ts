/** The `ar` format of a .deb: a magic line, then members of a 60-byte header and content padded to two bytes. */

export const AR_MAGIC = "!<arch>\n";
export const AR_HEADER_BYTES = 60;

export interface ArHeader {
  readonly name: string;
  readonly bytes: number;
}

/** Throws `Error` on what is not a member's header. */
export function parseArHeader(header: Uint8Array): ArHeader {
  const text = Buffer.from(header).toString("latin1");
  const match = /^([\x21-\x7e]{1,16}) {0,15}/.exec(text.slice(0, 16));
  const size = /^(\d{1,10}) *$/.exec(text.slice(48, 58));
  if (header.length !== AR_HEADER_BYTES || text.slice(58) !== "`\n" || match === null || match[0].length !== 16 || size === null) {
    throw new Error("it has a damaged member header");
  }
  return { name: (match[1] ?? "").replace(/\/$/, ""), bytes: Number(size[1]) };
}
