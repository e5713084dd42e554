#!/usr/bin/env bash
# Submits stages one after another, each to start when the one before has ended well. Prints a line "STAGE ID" for each.
#
#   slurm/chain.sh                                        # embed, search, evaluate
#   slurm/chain.sh embed train evaluate
#   SBATCH_ARGS='--nodes=2 --partition=long' slurm/chain.sh
#
# Settings: configs/cluster.env. Logs: POOL3_FOLDER/log. A stage whose forerunner fails is cancelled.
folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=slurm/common.sh
source "$folder/common.sh"
stage=chain
check_settings
export POOL3_SCRIPTS=$folder
stages=("$@")
((${#stages[@]})) || stages=(embed search evaluate)
for name in "${stages[@]}"; do
  [[ $name =~ ^(embed|train|search|evaluate)$ ]] || die "'$name' is no stage; there are embed, train, search and evaluate"
done
# As seen from here, also for jobs that start in another folder (--chdir).
POOL3_FOLDER=$(realpath -m "$POOL3_FOLDER")
[[ -z ${POOL3_SETTINGS:-} ]] || POOL3_SETTINGS=$(realpath "$POOL3_SETTINGS")
export POOL3_FOLDER POOL3_SETTINGS=${POOL3_SETTINGS:-}
mkdir -p "$POOL3_FOLDER/log"
read -ra more <<<"${SBATCH_ARGS:-}"

before=()
for name in "${stages[@]}"; do
  id=$(sbatch --parsable "${before[@]}" --kill-on-invalid-dep=yes --output="$POOL3_FOLDER/log/%x-%j.log" "${more[@]}" \
    "$folder/$name.sbatch") || die "sbatch failed for $name; cancel those above with scancel"
  id=${id%%;*}
  echo "$name $id"
  before=("--dependency=afterok:$id")
done
