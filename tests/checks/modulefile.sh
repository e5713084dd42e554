#!/usr/bin/env bash
# A file of packaging/ in environment-modules or Lmod, whichever is installed: it loads, sets what it says, and unloads.
#   modulefile.sh MODULEFILE
set -euo pipefail
lmod=$(find /usr/share/lmod -path '*/libexec/lmod' 2>/dev/null | sort | tail -n 1 || true)
case $1 in
  *.lua) command=$lmod version=1.0.lua ;;
  *) command=$(command -v modulecmd || echo "$lmod") version=1.0 ;;
esac
[[ -n $command ]] || { echo "skipped: nothing that reads ${1##*/} is installed" && exit 77; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch/modules/pool3" "$scratch/prefix/bin"
sed "s|/opt/pool3|$scratch/prefix|" "$1" >"$scratch/modules/pool3/$version"
printf '#!/bin/sh\necho this one\n' >"$scratch/prefix/bin/pool3"
chmod +x "$scratch/prefix/bin/pool3"
export MODULEPATH=$scratch/modules MODULES_REDIRECT_OUTPUT=0
unset POOL3_SCRIPTS
eval "$("$command" bash load pool3)"
[[ $(pool3) == 'this one' ]] || { echo "pool3 is not found first" && exit 1; }
[[ $POOL3_SCRIPTS == "$scratch/prefix/share/pool3/slurm" ]] || { echo "POOL3_SCRIPTS is '${POOL3_SCRIPTS:-}'" && exit 1; }
eval "$("$command" bash unload pool3)"
[[ -z ${POOL3_SCRIPTS:-} && :$PATH: != *":$scratch/prefix/bin:"* ]] || { echo "unloading leaves something behind" && exit 1; }
echo "$command: loads and unloads"
