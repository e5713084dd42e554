#!/usr/bin/env bash
# The kernels for AVX2, AVX-512 and AMX must share no function with the rest of the program: of an inline function that
# several files define, the linker keeps one copy for all, perhaps the one that older CPUs can't run.
#
#   instructions.sh OBJECT...      the objects of the rooms network and neighbours
set -euo pipefail

source=$(dirname "${BASH_SOURCE[0]}")/../../src
kernels=("$source"/network/kernels/*.cpp "$source"/neighbours/dot_products_*.cpp)
expected=$((${#kernels[@]} - 1)) # all but kernel_table.cpp, which is for every CPU
seen=0
for object in "$@"; do
  case $object in
    */kernels/kernel_table.cpp.o) continue ;;
    */kernels/*.cpp.o | */dot_products_*.cpp.o) ;;
    *) continue ;;
  esac
  seen=$((seen + 1))
  if nm -C "$object" | grep -E ' [WVu] '; then
    echo "instructions: $object defines what other files may define, too" >&2
    exit 1
  fi
done
if ((seen != expected || seen == 0)); then
  echo "instructions: $seen kernel files of $expected" >&2
  exit 1
fi
echo "instructions: $seen kernel files share nothing"
