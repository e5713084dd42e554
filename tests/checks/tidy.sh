#!/usr/bin/env bash
# What scripts/tidy makes of clang-tidy's words: findings fail, what clang can't read is told and skipped.
#   tidy.sh BUILD      BUILD has a compile_commands.json
set -euo pipefail
root=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../..")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
printf '#!/bin/sh\nprintf "%%s\\n" "$SAID"\n[ -z "$SAID" ]\n' >"$folder/clang-tidy"
chmod +x "$folder/clang-tidy"
failed=0

# expect BUILD CODE SAID TEXT: the exit code, and a part of what is printed.
expect() {
  local code=0 told
  told=$(SAID=$3 CLANG_TIDY=$folder/clang-tidy "$root/scripts/tidy" --build "$1" "$root/src/error/error.cpp" 2>&1) || code=$?
  if [[ $code != "$2" || $told != *"$4"* ]]; then
    printf 'FAILED: exit code %s and "%s" expected, exit code %s came with:\n%s\n' "$2" "$4" "$code" "$told"
    failed=1
  fi
}

source=$root/src/error/error.cpp
expect "$1" 0 "" "clang-tidy: 1 files"
expect "$1" 1 "$source:3:1: error: use auto [modernize-use-auto]" "use auto"
expect "$1" 1 "$source:3:1: error: expected ';' [clang-diagnostic-error]" "expected ';'"
expect "$1" 0 "$source:3:1: error: _Float16 is not supported on this target [clang-diagnostic-error]" "skipped, clang can't read it: src/error/error.cpp:3"
expect "$1" 0 "/usr/include/c++/12/ranges:9:1: error: no type named 'x' [clang-diagnostic-error]
$source:3:1: error: expected ';' [clang-diagnostic-error]" "skipped, clang can't read it: /usr/include/c++/12/ranges:9"
exit "$failed"
