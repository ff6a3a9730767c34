/** What a shell runs to complete `banger`. Pure. The answers come from `banger internal complete`: see `print-offer.ts`. */

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** @param self the program, by its absolute path: what stands on the line may be a program of that name from anywhere. */
export function completionScript(shell: Shell, self: readonly string[]): string {
  const ask = [...self, "internal", "complete", shell].map(shell === "fish" ? quoteForFish : quote).join(" ");
  return SCRIPTS[shell](ask);
}

const SCRIPTS: Readonly<Record<Shell, (ask: string) => string>> = {
  bash: (ask) => `# source <(banger completion bash)
_banger() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :files ]]; then compopt -o default
    else COMPREPLY+=("$line"); fi
  done < <(${ask} -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _banger banger
`,
  zsh: (ask) => `#compdef banger
# source <(banger completion zsh), after compinit; or as the file _banger in a folder of fpath
_banger() {
  local line value
  local -a lines described
  lines=("\${(@f)$(${ask} -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  for line in $lines; do
    if [[ $line == :files ]]; then
      compset -P '--[a-z-]##='
      _files
      return
    fi
    value=\${line%%$'\\t'*}
    described+=("\${value//:/\\\\:}\${\${line#$value}/$'\\t'/:}")
  done
  (( $#described )) && _describe -V banger described
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

export function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

function quoteForFish(word: string): string {
  return `'${word.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
