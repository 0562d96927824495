/**
 * Scripts by which shells complete the program's command line. Each calls the program with the
 * words up to the cursor, and offers its output: one candidate per line, or `:files`.
 *
 * @module
 */

/** Shells with a script. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** The name of a shell. */
export type Shell = (typeof SHELLS)[number];

const BASH = `
# bash completion of ringkeeper
_ringkeeper() {
  local found line
  found=$("\${COMP_WORDS[0]/#\\~/$HOME}" complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  COMPREPLY=()
  if [ "$found" = ":files" ]; then
    compopt -o default
    return
  fi
  while IFS= read -r line; do
    [ -n "$line" ] && COMPREPLY+=("\${line%%$'\\t'*}")
  done <<<"$found"
}
complete -F _ringkeeper ringkeeper
`;

const ZSH = `
#compdef ringkeeper
# zsh completion of ringkeeper
_ringkeeper() {
  local -a found candidates
  local line
  found=("\${(@f)$("\${words[1]/#\\~/$HOME}" complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ $found[1] == ":files" ]]; then
    _files
    return
  fi
  for line in $found; do
    line=\${line//:/\\\\:}
    candidates+=("\${line/$'\\t'/:}")
  done
  _describe ringkeeper candidates
}
if [[ $funcstack[1] == _ringkeeper ]]; then
  _ringkeeper "$@"
else
  compdef _ringkeeper ringkeeper
fi
`;

const FISH = `
# fish completion of ringkeeper
function __ringkeeper_complete
    set -l words (commandline -opc)
    set -l token (commandline -ct)
    set -l found ($words[1] complete -- $words[2..-1] "$token" 2>/dev/null)
    if test "$found" = ":files"
        __fish_complete_path "$token"
    else
        printf '%s\\n' $found
    end
end
complete -c ringkeeper -f -a '(__ringkeeper_complete)'
`;

/** The script of each shell. */
export const COMPLETION_SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: BASH,
  zsh: ZSH,
  fish: FISH,
};
