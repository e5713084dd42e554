#!/usr/bin/env bash
# The manual pages: one for pool3 and one a command, without warnings of the formatter, found by whatis.
#   manual.sh FOLDER PROGRAM
set -euo pipefail
folder=$1
program=$2
command -v man >/dev/null && command -v lexgrog >/dev/null || { echo "skipped: man is not installed" && exit 77; }
wrong=0

check_page() {
  local page=$folder/$1.1 warnings
  [[ -s $page ]] || { echo "there is no page $1" && wrong=1 && return; }
  warnings=$(LC_ALL=C.UTF-8 man --warnings=all -E UTF-8 -Tutf8 -Z -l "$page" 2>&1 >/dev/null)
  [[ -z $warnings ]] || { echo "$1: $warnings" && wrong=1; }
  lexgrog "$page" | grep -q "\"$1 - ." || { echo "$1: whatis would not find it" && wrong=1; }
}

mapfile -t commands < <("$program" --help | sed -n '/^Commands.*:$/,/^$/s/^  *\([a-z][a-z-]*\)  .*/\1/p')
((${#commands[@]} > 10)) || { echo "only ${#commands[@]} commands" && wrong=1; }
check_page pool3
for command in "${commands[@]}"; do
  check_page "pool3-$command"
  # Every flag of the help is on the page, as a flag and not as text.
  for flag in $("$program" "$command" --help | sed -n 's/^  \(--[^ ]*\).*/\1/p'); do
    grep -qF "\\fB${flag//-/\\-}\\fR" "$folder/pool3-$command.1" || { echo "pool3-$command: $flag is missing" && wrong=1; }
  done
done
pages=$(find "$folder" -name '*.1' | wc -l)
((pages == ${#commands[@]} + 1)) || { echo "$pages pages for ${#commands[@]} commands" && wrong=1; }
((wrong)) || echo "manual: $pages pages"
exit "$wrong"
