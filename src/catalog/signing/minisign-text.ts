/**
 * Lines of minisign's files: an untrusted comment, then base64, and in signatures a trusted comment and its own signature. Strict: one way
 * to write each thing, so that a file that was changed anywhere is not read as the one it was.
 */

/** A comment is one line for people; the program itself stops at 1024 bytes of it. */
const COMMENT_MAX_CHARACTERS = 1024;

/** Lines of a file; a last newline may be there or not. Throws `Error`. */
export function linesOf(text: string, count: number, what: string): readonly string[] {
  const lines = (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n");
  if (lines.length !== count) throw new Error(`it is no ${what}: it has ${lines.length} lines instead of ${count}`);
  return lines;
}

/** What stands after `untrusted comment: ` or `trusted comment: `. Throws `Error`. */
export function commentOf(line: string, prefix: string): string {
  if (!line.startsWith(prefix)) throw new Error(`a line does not begin with "${prefix.trim()}"`);
  const comment = line.slice(prefix.length);
  checkComment(comment);
  return comment;
}

/** Throws `Error` on what is not one line of a moderate length. */
export function checkComment(comment: string): void {
  if (comment.length > COMMENT_MAX_CHARACTERS) throw new Error(`a comment has more than ${COMMENT_MAX_CHARACTERS} characters`);
  // eslint-disable-next-line no-control-regex -- these very characters are looked for
  if (/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/.test(comment)) throw new Error("a comment has control characters");
}

/** Exactly so many bytes, in canonical base64. Throws `Error`. */
export function bytesOf(line: string, count: number, what: string): Buffer {
  const bytes = Buffer.from(line, "base64");
  if (bytes.length !== count || bytes.toString("base64") !== line) throw new Error(`its ${what} is not ${count} bytes of base64`);
  return bytes;
}
