import type { ControlSequence } from "./control-sequences.ts";

const CSI = "\u001b[";

/** Modes in which a terminal types by itself, or types differently: keys, mouse, focus, paste, colours, size. */
const TYPES: ReadonlySet<string> = new Set("1 9 66 1000 1002 1003 1004 1005 1006 1015 1016 1034 1036 1039 2004 2031 2048".split(" "));

/** What a guest has set and not taken back of what makes the terminal type. A shell of the host's should not inherit it. */
export class LeftOn {
  readonly #modes = new Set<string>();
  #hasOtherKeys = false;
  #hasKittyKeys = false;

  /** `modes` are those of a sequence that sets or resets some. */
  note({ marker, final, intermediates, params }: ControlSequence, modes: readonly string[] = []): void {
    if (marker === "?" && (final === "h" || final === "l")) {
      for (const mode of modes) {
        if (final === "h" && TYPES.has(mode)) this.#modes.add(mode);
        else this.#modes.delete(mode);
      }
    } else if (marker === ">" && final === "m" && intermediates === "") this.#hasOtherKeys = /;[1-9]/.test(params);
    else if ((marker === ">" || marker === "=") && final === "u") this.#hasKittyKeys = true;
  }

  /** Turns it off; after that nothing is. */
  turnOff(): string {
    const modes = this.#modes.size === 0 ? "" : `${CSI}?${[...this.#modes].join(";")}l`;
    const otherKeys = this.#hasOtherKeys ? `${CSI}>4m` : "";
    // All that may have been pushed, and what was set below that.
    const kittyKeys = this.#hasKittyKeys ? `${CSI}<99u${CSI}=0u` : "";
    this.#modes.clear();
    this.#hasOtherKeys = false;
    this.#hasKittyKeys = false;
    return `${modes}${otherKeys}${kittyKeys}`;
  }
}
