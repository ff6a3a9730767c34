import type { Home } from "./home.ts";

/** A shell line in a terminal of its own, typed to and read. */
export async function openTerminal(home: Home, line: string, size = { cols: 100, rows: 30 }) {
  let text = "";
  let wake = (): void => undefined;
  const decoder = new TextDecoder();
  const child = Bun.spawn(["sh", "-c", line, "sh", ...home.program], {
    env: home.variables,
    terminal: {
      ...size,
      data: (_terminal, data) => {
        text += decoder.decode(data, { stream: true });
        wake();
      },
    },
  });
  return {
    child,
    get text() {
      return text;
    },
    type: (keys: string) => child.terminal?.write(keys),
    resize: (cols: number, rows: number) => child.terminal?.resize(cols, rows),
    until: async (part: string | RegExp) => {
      while (typeof part === "string" ? !text.includes(part) : !part.test(text)) await new Promise<void>((resolve) => (wake = resolve));
    },
  };
}

/** Prints the terminal's modes before and after a command. */
export const AROUND = (command: string): string => `echo "before $(stty -g)"; ${command}; echo "code $?"; echo "after $(stty -g)"`;
export const modes = (text: string, when: string): string | undefined => new RegExp(`${when} ([0-9a-f:]+)`).exec(text)?.[1];
