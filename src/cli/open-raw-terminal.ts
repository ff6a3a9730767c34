/**
 * Puts the terminal into raw mode, in which every key goes to the guest. It is put back when this is disposed and, should the
 * program end without that, at its end: a terminal left raw is of no use to anybody.
 */
export function openRawTerminal(): Disposable {
  const restore = (): void => {
    if (process.stdin.isRaw) process.stdin.setRawMode(false);
  };
  process.on("exit", restore);
  process.stdin.setRawMode(true);
  return {
    [Symbol.dispose]: () => {
      restore();
      process.off("exit", restore);
    },
  };
}
