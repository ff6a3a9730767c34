import { makeTerminalRaw, setTerminalModes } from "../system/native.ts";

const STDIN = 0;

/**
 * Puts the terminal into raw mode, in which every key goes to the guest and what the guest writes comes through as it is: the terminal in the
 * guest has already done what its modes say, and the runtime's own raw mode would put carriage returns into it once more. It is put back
 * when this is disposed and, should the program end without that, at its end: a terminal left raw is of no use to anybody.
 */
export function openRawTerminal(): Disposable {
  const before = makeTerminalRaw(STDIN);
  const restore = (): void => {
    if (before !== undefined) setTerminalModes(STDIN, before);
    process.off("exit", restore);
  };
  process.on("exit", restore);
  return { [Symbol.dispose]: restore };
}
