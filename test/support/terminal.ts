/** A shell line in a terminal of its own, typed to and read. */
export interface Terminal {
  readonly child: Bun.Subprocess;
  /** All that it showed. */
  readonly text: string;
  type(keys: string): void;
  resize(cols: number, rows: number): void;
  /** Closes it, as who shuts its window. */
  hangUp(): void;
  /** Resolves when it has shown this. */
  until(part: string | RegExp): Promise<void>;
}

/** @param program becomes `"$@"` in the line. */
export function openTerminal(
  line: string,
  program: readonly string[],
  env: Readonly<Record<string, string>>,
  size = { cols: 100, rows: 30 },
): Terminal {
  let text = "";
  let wake = (): void => undefined;
  const decoder = new TextDecoder();
  const child = Bun.spawn(["sh", "-c", line, "sh", ...program], {
    env,
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
    type: (keys) => void child.terminal?.write(keys),
    resize: (cols, rows) => child.terminal?.resize(cols, rows),
    hangUp: () => child.terminal?.close(),
    until: async (part) => {
      while (typeof part === "string" ? !text.includes(part) : !part.test(text)) await new Promise<void>((resolve) => (wake = resolve));
    },
  };
}

/** Prints the terminal's modes before and after a command. */
export const AROUND = (command: string): string => `echo "before $(stty -g)"; ${command}; echo "code $?"; echo "after $(stty -g)"`;

/** The modes that `AROUND` printed. */
export const modes = (text: string, when: "before" | "after"): string | undefined => new RegExp(`${when} ([0-9a-f:]+)`).exec(text)?.[1];
