const NEWLINE = 10;
/** How the agent's words stand on the console: a kernel that prints times puts them before. */
const AGENT_LINE = /^(?:<\d>)?(?:\[[ \d.]+\] ?)?banger-agent: /;
/** A longer line is none of the agent's. */
const LONGEST_LINE = 64 * 1024;

/**
 * The lines of a console that are the agent's own.
 * @param isLast whether nothing will follow: the last line then counts without its newline.
 * @returns how many bytes were looked at, too: whole lines.
 */
export function agentLines(bytes: Uint8Array, isLast: boolean): { readonly text: string; readonly taken: number } {
  const end = bytes.lastIndexOf(NEWLINE) + 1;
  const taken = isLast || bytes.length - end > LONGEST_LINE ? bytes.length : end;
  const lines = new TextDecoder().decode(bytes.subarray(0, taken)).split(/(?<=\n)/);
  return { text: lines.filter((line) => AGENT_LINE.test(line)).join(""), taken };
}
