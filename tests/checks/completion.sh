#!/usr/bin/env bash
# The completion for bash, sourced and asked as bash asks it.
#   completion.sh PROGRAM
set -euo pipefail
program=$(realpath "$1")
# shellcheck source=../../packaging/pool3.bash-completion
source "$(dirname "${BASH_SOURCE[0]}")/../../packaging/pool3.bash-completion"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
mkdir 'many pictures'
wrong=0

# expect 'WORDS' WORD...: what the completion of the last of these words must offer, sorted.
expect() {
  local wanted=$1 got
  COMP_WORDS=("$program" "${@:2}")
  COMP_CWORD=$(($# - 1))
  _pool3
  got=$(printf '%s\n' "${COMPREPLY[@]}" | LC_ALL=C sort | paste -sd ,)
  [[ $got == "$wanted" ]] || { echo "'pool3 ${*:2}': expected '$wanted', got '$got'" && wrong=1; }
}

[[ $(complete -p pool3) == *'-F _pool3 pool3' ]] || { echo "bash is not told of the completion" && wrong=1; }
expect extract ext
expect 'inspect,inspect-image' ins
expect --version --v
expect '' nosuch
expect --corpus extract --cor
expect '--probability-folds,--prometheus' train --pro
expect 'auto,cpu,cuda' extract --device ''
expect 'float16,float32' extract --dtype fl
expect 'liblinear,libsvm' export --format l
expect 'many pictures' extract --corpus m
expect 'many pictures' extract --durable m
expect 'many pictures' verify m
[[ -n ${_pool3_helps["$program extract"]} ]] || { echo "the help is not kept" && wrong=1; }
# Every command offers flags of its own.
_pool3_ask "$program"
mapfile -t commands < <(_pool3_commands)
((${#commands[@]} > 10)) || { echo "only ${#commands[@]} commands" && wrong=1; }
for command in "${commands[@]}"; do
  expect --help "$command" --help
done
exit "$wrong"
