# bash completion of tsbgp, printed by: tsbgp completion bash

_tsbgp() {
  local line=${COMP_LINE:0:COMP_POINT} typed='' candidate
  local -a words
  read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  # readline cuts words at colons: it replaces only what follows the last one.
  [[ $COMP_WORDBREAKS == *:* && ${words[-1]} == *:* ]] && typed=${words[-1]%:*}:
  COMPREPLY=()
  while IFS=$'\t' read -r candidate _; do
    if [[ $candidate == :files ]]; then
      compopt -o filenames 2> /dev/null
      mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "${words[-1]}")
    else
      COMPREPLY+=("${candidate#"$typed"}")
    fi
  done < <("${words[0]}" __complete "${words[@]:1}" 2> /dev/null)
}

complete -F _tsbgp tsbgp
