import { BangerError } from "../contract/errors.ts";
import type { Environment } from "./environment.ts";
import { InterruptedError } from "./interrupted.ts";
import { openRawTerminal } from "./open-raw-terminal.ts";
import { print } from "./print.ts";

/** For programs, which have no terminal. */
const VARIABLE = "BANGER_SIGNING_PASSWORD";
const [CTRL_C, CTRL_D, BACKSPACE, DELETE, CTRL_U] = ["\x03", "\x04", "\b", "\x7f", "\x15"];

/** A password from the environment, or typed at the terminal, which does not show it. Never from the command line, which others can read. */
export async function askPassword(prompt: string, { variables, stdin, stderr }: Environment): Promise<string> {
  const known = variables[VARIABLE];
  if (known !== undefined) return known;
  const cannot = new BangerError(
    "refused",
    "no_password",
    "cannot read the key: it is kept under a password, and there is no terminal to ask for it",
    {
      hint: `${VARIABLE}=... in the environment`,
    },
  );
  if (!stdin.isTerminal || !stderr.isTerminal) throw cannot;
  using _raw = openRawTerminal();
  print(stderr.descriptor, prompt);
  let typed = "";
  const decoder = new TextDecoder();
  const notTyped = new BangerError("cancelled", "cancelled", "no password was typed");
  try {
    for await (const chunk of process.stdin as AsyncIterable<Uint8Array>) {
      for (const key of decoder.decode(chunk, { stream: true })) {
        if (key === "\r" || key === "\n") return typed;
        if (key === CTRL_C || key === CTRL_D) throw new InterruptedError(notTyped, "SIGINT");
        if (key === CTRL_U) typed = "";
        else if (key < " " && key !== BACKSPACE) continue;
        else typed = key === BACKSPACE || key === DELETE ? typed.replace(/.$/su, "") : typed + key;
      }
    }
    throw cannot;
  } finally {
    process.stdin.destroy();
    print(stderr.descriptor, "\r\n");
  }
}
