// The shells' side of completion: each TAB asks `tsbgp __complete WORDS…` (completion.ts) for candidates.

/** For bash from 4.4; needs no bash-completion package. */
export const BASH_SCRIPT = `# bash completion of tsbgp, printed by: tsbgp completion bash

_tsbgp() {
  local line=\${COMP_LINE:0:COMP_POINT} typed='' candidate
  local -a words
  read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  # readline cuts words at colons: it replaces only what follows the last one.
  [[ $COMP_WORDBREAKS == *:* && \${words[-1]} == *:* ]] && typed=\${words[-1]%:*}:
  COMPREPLY=()
  while IFS=$'\\t' read -r candidate _; do
    if [[ $candidate == :files ]]; then
      compopt -o filenames 2> /dev/null
      mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "\${words[-1]}")
    else
      COMPREPLY+=("\${candidate#"$typed"}")
    fi
  done < <("\${words[0]}" __complete "\${words[@]:1}" 2> /dev/null)
}

complete -F _tsbgp tsbgp
`;

/** For zsh, in a directory of fpath as _tsbgp or sourced. */
export const ZSH_SCRIPT = `#compdef tsbgp
# zsh completion of tsbgp, printed by: tsbgp completion zsh

_tsbgp() {
  local -a candidates
  local candidate description
  while IFS=$'\\t' read -r candidate description; do
    if [[ $candidate == :files ]]; then
      _files
      continue
    fi
    candidates+=("\${candidate//:/\\\\:}\${description:+:$description}")
  done < <("\${words[1]}" __complete "\${(@)words[2,CURRENT]}" 2> /dev/null)
  (( \${#candidates} )) && _describe -V tsbgp candidates
}

if [[ \${funcstack[1]} == _tsbgp ]]; then
  _tsbgp "$@"
else
  compdef _tsbgp tsbgp
fi
`;
