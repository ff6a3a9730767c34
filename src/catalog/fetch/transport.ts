/** Getting bytes from a mirror. What they are worth is decided elsewhere; a transport only moves them. */

export interface Transport {
  /** What somebody can do when what it brings is of no use. */
  readonly advice: string;
  /**
   * Opens a file of a mirror from byte `offset` on; a server that cannot do that sends the whole, and says so.
   * Throws `unavailable` `mirror_unreachable` (worth another try) or `mirror_lacks_file`, `refused` `redirect_refused`, `certificate_untrusted`.
   */
  open(url: string, offset: number, signal: AbortSignal): Promise<Answer>;
}

export interface Answer {
  /** Where the body starts in the file: the offset asked for, or 0. */
  readonly offset: number;
  /** Bytes of the body, when the other end says. */
  readonly bytes: number | undefined;
  readonly body: AsyncIterable<Uint8Array>;
}
