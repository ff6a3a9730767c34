import { EXIT } from "../../contract/errors.ts";
import type { Run } from "../command.ts";
import { COMMANDS } from "../command-table.ts";
import { decideCompletion } from "../completion/decide-completion.ts";
import { lookUpNames } from "../completion/look-up-names.ts";
import { offerLines } from "../completion/print-offer.ts";
import { completionScript, type Shell } from "../completion/shell-scripts.ts";
import { print } from "../print.ts";
import { jsonLine } from "../../contract/json-line.ts";

/** `banger completion bash|zsh|fish` */
export const completion: Run = async ({ given, json }, { stdout, self }) => {
  const script = completionScript(given["shell"] as Shell, self);
  print(stdout.descriptor, json ? jsonLine({ script }) : script);
  return EXIT.done;
};

/** `banger internal complete SHELL -- WORDS...`, the last of the words being the one that is typed. Says nothing when it knows nothing. */
export const complete: Run = async ({ given, rest }, environment) => {
  const shell = given["shell"] as Shell;
  const current = rest.at(-1) ?? "";
  const offer = decideCompletion(COMMANDS, rest.slice(0, -1), current);
  // Whatever is wrong, the shell's line is no place to tell it.
  const names = offer.names === undefined ? [] : await lookUpNames(offer.names, environment).catch(() => []);
  print(
    environment.stdout.descriptor,
    offerLines(shell, offer, names, current)
      .map((line) => `${line}\n`)
      .join(""),
  );
  return EXIT.done;
};
