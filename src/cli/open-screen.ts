import { constants } from "node:os";
import { print } from "./print.ts";

/** A terminal's other screen, for what is drawn anew in place. */
export interface Screen extends Disposable {
  /** Shows these lines; only those that differ are written. They hold nothing that drives a terminal. */
  draw(lines: readonly string[]): void;
}

/** The other screen, without cursor; and back. */
const ENTER = "\x1b[?1049h\x1b[?25l";
const LEAVE = "\x1b[?25h\x1b[?1049l";
const CLEAR = "\x1b[H\x1b[2J";
const ENDING = ["SIGTERM", "SIGHUP", "SIGQUIT"] as const;

/**
 * Takes the terminal's other screen. It is given back when this is disposed, and however else the program ends: by a signal, by
 * an error that nobody caught, or stopped by Ctrl-Z and gone on with.
 */
export function openScreen(descriptor: number): Screen {
  let shown: readonly string[] = [];
  let wanted: readonly string[] = [];
  let isOn = false;
  const enter = (): void => {
    if (!isOn) print(descriptor, `${ENTER}${CLEAR}`);
    isOn = true;
    shown = [];
  };
  const leave = (): void => {
    if (isOn) print(descriptor, LEAVE);
    isOn = false;
  };
  const draw = (lines: readonly string[]): void => {
    wanted = lines;
    if (!isOn) return;
    const { rows, columns } = sizeOfTerminal();
    const fits = lines.length <= rows ? lines : [...lines.slice(0, rows - 1), `... ${lines.length - rows + 1} more`];
    const cut = fits.map((line) => line.slice(0, columns));
    const changed = cut.flatMap((line, at) => (line === shown[at] ? [] : [`\x1b[${at + 1};1H${line}\x1b[K`]));
    // What is below the last line is not ours, or is of a frame that was longer.
    const below = cut.length < rows ? `\x1b[${cut.length + 1};1H\x1b[J` : "";
    print(descriptor, `${changed.join("")}${below}`);
    shown = cut;
  };
  const redraw = (): void => {
    if (!isOn) return;
    shown = [];
    print(descriptor, CLEAR);
    draw(wanted);
  };
  const stop = (): void => {
    leave();
    process.kill(process.pid, "SIGSTOP");
  };
  const goOn = (): void => {
    enter();
    draw(wanted);
  };
  const enders = ENDING.map((name) => [name, (): never => process.exit(128 + constants.signals[name])] as const);
  process.on("exit", leave);
  process.on("SIGTSTP", stop);
  process.on("SIGCONT", goOn);
  process.stdout.on("resize", redraw);
  for (const [name, end] of enders) process.on(name, end);
  enter();
  return {
    draw,
    [Symbol.dispose]: () => {
      leave();
      process.off("exit", leave);
      process.off("SIGTSTP", stop);
      process.off("SIGCONT", goOn);
      process.stdout.off("resize", redraw);
      for (const [name, end] of enders) process.off(name, end);
    },
  };
}

function sizeOfTerminal(): { readonly rows: number; readonly columns: number } {
  return { rows: process.stdout.rows || 24, columns: process.stdout.columns || 80 };
}
