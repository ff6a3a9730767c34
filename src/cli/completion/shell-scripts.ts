/** What a shell runs to complete `banger`. Pure. The answers come from `banger internal complete`: see `print-offer.ts`. */

import { quote } from "../shell-word.ts";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** @param self the program, by its absolute path: what stands on the line may be a program of that name from anywhere. */
export function completionScript(shell: Shell, self: readonly string[]): string {
  const ask = [...self, "internal", "complete", shell].map(shell === "fish" ? quoteForFish : quote).join(" ");
  return SCRIPTS[shell](ask);
}

const SCRIPTS: Readonly<Record<Shell, (ask: string) => string>> = {
  // bash parts words at = and : too, and replaces only what follows the last of them: words are joined here as they stand on the
  // line, and what bash keeps is cut off again. Names and files together have no more in common than a name has, which needs no
  // quotes; files alone are left to bash, which quotes them.
  bash: (ask) => `# source <(banger completion bash)
_banger() {
  local left=\${COMP_LINE:0:COMP_POINT} line at word rest kept
  local -a words=()
  COMPREPLY=()
  for ((at = 0; at <= COMP_CWORD; at++)); do
    rest=\${left#"\${left%%[![:space:]]*}"}
    word=\${COMP_WORDS[at]}
    ((at < COMP_CWORD)) || word=$rest
    if ((at == 0)) || [[ $rest != "$left" || -z $left ]]; then words+=("$word")
    else words[-1]+=$word; fi
    left=\${rest#"$word"}
  done
  kept=\${words[-1]%"$word"}
  [[ $word != +([=:]) ]] || kept+=$word
  while IFS= read -r line; do
    if [[ $line != :files ]]; then COMPREPLY+=("\${line#"$kept"}")
    elif ((\${#COMPREPLY[@]})); then
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$word")
    else compopt -o default; fi
    [[ $line != *: ]] || compopt -o nospace
  done < <(${ask} -- "\${words[@]:1}" 2>/dev/null)
}
complete -F _banger banger
`,
  zsh: (ask) => `#compdef banger
# source <(banger completion zsh), after compinit; or as the file _banger in a folder of fpath
_banger() {
  local line value files
  local -a lines described open
  lines=("\${(@f)$(${ask} -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  for line in $lines; do
    if [[ $line == :files ]]; then
      files=yes
      continue
    fi
    value=\${line%%$'\\t'*}
    [[ $value != *: ]] || open=(-S '')
    described+=("\${value//:/\\\\:}\${\${line#$value}/$'\\t'/:}")
  done
  (( $#described )) && _describe -V banger described "\${(@)open}"
  if [[ -n $files ]]; then
    compset -P '--[a-z-]##='
    _files
  fi
}
if [[ $funcstack[1] == _banger ]]; then _banger "$@"; else compdef _banger banger; fi
`,
  fish: (ask) => `# banger completion fish | source
function __banger_complete
  set -l words (commandline -opc)
  set -e words[1]
  set -l current (commandline -ct)
  for line in (${ask} -- $words "$current" 2>/dev/null)
    if test "$line" != :files
      printf '%s\\n' $line
      continue
    end
    set -l before (string match -r -- '^--[a-z-]+=' "$current")
    for path in (__fish_complete_path (string replace -r -- '^--[a-z-]+=' '' "$current"))
      printf '%s%s\\n' "$before" $path
    end
  end
end
complete -c banger -f -k -a '(__banger_complete)'
`,
};

function quoteForFish(word: string): string {
  return `'${word.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
