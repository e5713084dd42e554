# Sourced by the job scripts: settings, launch, clean stop, requeue, status file. Needs bash 4.2 or newer.
#
# Every setting comes from the environment, else from the file that $POOL3_SETTINGS names, else from the default below.
# configs/cluster.env lists them all.
# shellcheck shell=bash
set -euo pipefail

say() { printf '%s %s: %s\n' "$(date +%FT%T)" "${stage:-pool3}" "$*" >&2; }
die() {
  why=$*
  say "error: $*"
  exit 2
}

# All there are, without POOL3_.
known_settings=" PROGRAM LAUNCH LAUNCH_FLAGS MODULES FOLDER CONFIG CORPUS LABELS WEIGHTS FEATURES MODEL STATUS EXTRACT_FLAGS
  TRAIN_FLAGS SEARCH_FLAGS PROMETHEUS MOST_RESTARTS MOST_TRIES PARTS KEEP MIN_COSINE MOST_REMOVED MOST_NEWLY_FAILED AGAIN
  RANKS REPEATS SCALING_FLAGS SCRIPTS "

# Settings that are paths.
path_settings=" PROGRAM FOLDER CONFIG CORPUS WEIGHTS FEATURES MODEL STATUS PROMETHEUS SCRIPTS "

# check_line FILE NAME VALUE: ends the script for what a shell would take in another way than these files do.
check_line() {
  [[ ! $3 =~ ^[\"\'].*[\"\']$ ]] || die "$1: take the quotes away, they would be part of the value: $2=$3"
  [[ ! $3 =~ [[:space:]]# ]] || die "$1: a comment needs a line of its own: $2=$3"
  [[ $path_settings != *" ${2#POOL3_} "* || ! $3 =~ ^~|\$ ]] || die "$1: nothing is put in for ~ and \$; write the path out: $2=$3"
}

# Lines NAME=VALUE; no quotes, no expansion, so that systemd reads the same file the same way. A name that is not known is
# an error: a bound that is spelt wrong would not hold. Blanks behind a value don't count.
read_settings() {
  local file=$1 line name value
  while IFS= read -r line || [[ -n $line ]]; do
    [[ ! $line =~ ^[[:space:]]*(#|$) ]] || continue
    [[ $line =~ ^((POOL3|OMPI_MCA)_[A-Za-z0-9_]+)=(.*)$ ]] || die "$1: not a setting: $line"
    name=${BASH_REMATCH[1]}
    [[ $name == OMPI_MCA_* || $known_settings == *[[:space:]]${name#POOL3_}[[:space:]]* ]] || die "$1: there is no setting $name"
    value=${BASH_REMATCH[3]}
    value=${value%"${value##*[![:space:]]}"}
    check_line "$file" "$name" "$value"
    [[ -v $name ]] || export "$name=$value"
  done <"$1"
}

# A file that was written on Windows, or the environment, may have a carriage return behind a value.
strip_settings() {
  local name
  for name in "${!POOL3_@}"; do
    printf -v "$name" %s "${!name%$'\r'}"
  done
}

strip_settings
if [[ -n ${POOL3_SETTINGS:-} ]]; then
  [[ -r $POOL3_SETTINGS ]] || die "$POOL3_SETTINGS: can't be read (POOL3_SETTINGS)"
  read_settings "$POOL3_SETTINGS"
  strip_settings
fi
: "${POOL3_PROGRAM:=pool3}" "${POOL3_LAUNCH:=srun}" "${POOL3_LAUNCH_FLAGS=}" "${POOL3_MODULES:=}"
: "${POOL3_FOLDER:=work}" "${POOL3_CONFIG:=}" "${POOL3_CORPUS:=}" "${POOL3_LABELS:=}"
: "${POOL3_FEATURES:=$POOL3_FOLDER/features.h5}" "${POOL3_MODEL:=$POOL3_FOLDER/model.h5}"
: "${POOL3_EXTRACT_FLAGS:=}" "${POOL3_TRAIN_FLAGS:=}" "${POOL3_SEARCH_FLAGS:=}"
: "${POOL3_STATUS:=$POOL3_FOLDER/status}" "${POOL3_PROMETHEUS:=}" "${POOL3_MOST_RESTARTS:=20}" "${POOL3_MOST_TRIES:=3}"

# millionths NUMBER: 0.5 is 500000. Fails for what is no number with at most three digits before the point and six behind.
millionths() {
  [[ $1 =~ [0-9] && $1 =~ ^(-?)([0-9]{0,3})(\.([0-9]{0,6}))?$ ]] || return 1
  local fraction=${BASH_REMATCH[4]}000000
  printf '%s%d' "${BASH_REMATCH[1]}" $((10#0${BASH_REMATCH[2]} * 1000000 + 10#${fraction:0:6}))
}

# is_whole NUMBER LEAST [MOST]
is_whole() { [[ $1 =~ ^[0-9]{1,9}$ ]] && ((10#$1 >= $2 && 10#$1 <= ${3:-999999999})); }

# is_between NUMBER LEAST MOST, all of them with decimals or without
is_between() {
  local number least most
  number=$(millionths "$1") && least=$(millionths "$2") && most=$(millionths "$3") && ((number >= least && number <= most))
}

# check_setting NAME KIND [LEAST [MOST]]: ends the script if its value is not of this kind. Sets it to its plain form, fit
# for arithmetic. KIND: whole, wholes (a list of them), decimal or percent (as 10, 0.5 or 10%).
check_setting() {
  local name=$1 kind=$2 least=${3:-0} most=${4:-999999999} number what
  local -a words plain=()
  read -ra words <<<"${!name}" || true
  case $kind in
    whole) what="a whole number from $least to $most" ;;
    wholes) what="whole numbers from $least to $most" ;;
    decimal) what="a number from $least to $most" ;;
    percent) what='a percentage from 0 to 100' ;;
  esac
  ((${#words[@]} == 1)) || [[ $kind == wholes && ${#words[@]} -gt 0 ]] || die "$name must be $what, not '${!name}'"
  for number in "${words[@]}"; do
    case $kind in
      whole*) is_whole "$number" "$least" "$most" && number=$((10#$number)) ;;
      decimal) is_between "$number" "$least" "$most" ;;
      percent) number=${number%\%} && is_between "$number" 0 100 ;;
    esac || die "$name must be $what, not '${!name}'"
    plain+=("$number")
  done
  printf -v "$name" %s "${plain[*]}"
}

# What all scripts use.
check_settings() {
  check_setting POOL3_MOST_RESTARTS whole
  check_setting POOL3_MOST_TRIES whole 1
  [[ $POOL3_LAUNCH =~ ^(srun|mpirun|none)$ ]] || die "POOL3_LAUNCH must be srun, mpirun or none, not '$POOL3_LAUNCH'"
  [[ -z $POOL3_CONFIG || (-f $POOL3_CONFIG && -r $POOL3_CONFIG) ]] || die "POOL3_CONFIG: $POOL3_CONFIG is no file that can be read"
  if [[ -n $POOL3_PROMETHEUS && ! -d $POOL3_PROMETHEUS ]]; then
    say "warning: POOL3_PROMETHEUS: there is no folder $POOL3_PROMETHEUS; nothing is written there"
    POOL3_PROMETHEUS=''
  fi
}

# Jobs of cron, or with --export, have no `module` from a login shell. Neither it nor Lmod's can bear `set -eu`.
load_modules() {
  local -a modules
  local init
  read -ra modules <<<"$POOL3_MODULES"
  set +eu
  for init in "$LMOD_PKG/init/bash" "$MODULESHOME/init/bash" /etc/profile.d/{lmod,modules}.sh /usr/share/{lmod/lmod,modules}/init/bash; do
    [[ $(type -t module) != function && -r $init ]] || continue
    # shellcheck disable=SC1090  # one of the site's
    source "$init"
  done
  [[ $(type -t module) == function ]] || die "POOL3_MODULES: this node has no environment modules"
  module load "${modules[@]}" || die "module load $POOL3_MODULES failed"
  set -eu
}

# begin NAME [KEEPS], then check_settings: makes folders, and the status file NAME.json. KEEPS `no`: what is stopped begins anew, so it does
# not go back into the queue for another life that is just as short.
begin() {
  stage=$1
  keeps=${2:-yes}
  started=$(date +%FT%T%z)
  restarts=${SLURM_RESTART_COUNT:-0}
  launcher=''   # process that runs now
  stop=''       # "signal" (time is nearly up) or "cancelled"
  finished=no
  mkdir -p "$POOL3_FOLDER" "$POOL3_STATUS"
  trap 'on_signal signal USR1' USR1
  trap 'on_signal cancelled TERM' TERM
  trap 'on_exit $?' EXIT
  [[ -z $POOL3_MODULES ]] || load_modules
  say "job ${SLURM_JOB_ID:-none}, life $((restarts + 1)), on ${SLURM_JOB_NODELIST:-this machine}"
  write_status running 0 ''
}

json_text() {
  local text=${1//\\/\\\\}
  text=${text//\"/\\\"}
  printf '"%s"' "$(tr '\000-\037' ' ' <<<"$text" | sed 's/ *$//')"
}

# write_status STATE CODE MESSAGE: whole or not at all. STATE is running, stopping, requeued, done, some_failed, held,
# cancelled or failed.
write_status() {
  local file=$POOL3_STATUS/$stage.json
  {
    printf '{"stage": %s, "state": "%s", "exit_code": %d, ' "$(json_text "$stage")" "$1" "$2"
    printf '"message": %s, "job": "%s", "restarts": %d, ' "$(json_text "$3")" "${SLURM_JOB_ID:-}" "$restarts"
    printf '"nodes": %s, "ranks": %d, ' "$(json_text "${SLURM_JOB_NODELIST:-}")" "${SLURM_NTASKS:-1}"
    printf '"started": "%s", "time": "%s"}\n' "$started" "$(date +%FT%T%z)"
  } >"$file.new"
  mv -f "$file.new" "$file"
}

on_signal() {
  [[ $stop == cancelled ]] || stop=$1
  say "SIG$2 came; stopping"
  write_status stopping 75 "SIG$2 came"
  [[ -z $launcher ]] || kill -s "$2" "$launcher" 2>/dev/null || true
}

on_exit() {
  [[ $finished == no ]] || return 0
  if [[ $stop == cancelled ]]; then
    write_status cancelled "$1" 'what is done is kept; submit again to resume'
  else
    write_status failed "$1" "${why:-the script ended with exit code $1; see the log}"
  fi
}

# start COMMAND...: on all ranks, once. Sets `code`; a signal to this script is handed on to the ranks.
start() {
  local -a front flags metrics=()
  read -ra flags <<<"$POOL3_LAUNCH_FLAGS"
  case $POOL3_LAUNCH in
    srun)
      # Ranks get what this script has, whatever `sbatch --export` said.
      front=(srun --mpi=pmix --kill-on-bad-exit=1 --export=ALL)
      # srun does not take this over from sbatch any more
      [[ -z ${SLURM_CPUS_PER_TASK:-} ]] || front+=("--cpus-per-task=$SLURM_CPUS_PER_TASK")
      ;;
    mpirun)
      front=(mpirun -n "${SLURM_NTASKS:-1}")
      # By itself it binds each of two ranks to one core, however many a task has.
      [[ ${SLURM_CPUS_PER_TASK:-1} == 1 || " $POOL3_LAUNCH_FLAGS" == *" --bind-to "* || " $POOL3_LAUNCH_FLAGS" == *" --map-by "* ]] ||
        front+=(--bind-to none)
      ;;
    none) front=() ;;
  esac
  [[ -z $POOL3_PROMETHEUS || $1 != "$POOL3_PROGRAM" ]] || metrics=(--prometheus "$POOL3_PROMETHEUS/pool3-$stage.prom")
  "${front[@]}" "${flags[@]}" "$@" "${metrics[@]}" </dev/null &
  launcher=$!
  # A trap ends `wait` early, with a code above 128, while the process continues.
  local process=$launcher last=0
  while :; do
    code=0
    wait "$process" || code=$?
    kill -0 "$process" 2>/dev/null || break
  done
  launcher=''
  ((code == 0)) || command -v "$1" >/dev/null || why="there is no program $1 on $(uname -n); set POOL3_PROGRAM or POOL3_MODULES"
  ((code <= 128)) || wait "$process" || last=$?
  ((code <= 128 || last == 127)) || code=$last # 127: its code is known already
}

# has_output COMMAND...: false if it has a flag --out, and that file is not there.
has_output() {
  while (($# > 1)); do
    [[ $1 != --out ]] || { [[ -e $2 ]]; return; }
    shift
  done
}

# launch COMMAND...: on all ranks. Sets `code`, to 75 after a stop.
launch() {
  local try
  for ((try = 1; ; ++try)); do
    code=75
    [[ -z $stop ]] || return 0
    start "$@"
    # When a step can't begin on a node, srun has been seen to end with 0 (Slurm 22.05).
    if ((code == 0)) && ! has_output "$@"; then code=255; fi
    # A rank that has not come to its signal handler yet dies of the signal.
    if [[ -n $stop && $keeps == yes ]] && ((code > 3)); then code=75; fi
    # No code of pool3's: a rank was killed, or the launch failed. A node that died in an earlier life of this job may
    # have left files of the step with this very number; the next step has another.
    ((code > 128 && try < POOL3_MOST_TRIES)) && [[ -z $stop ]] && nodes_answer || return 0
    say "ranks ended with code $code; trying again"
  done
}

# root COMMAND...: like launch, on one process.
root() {
  local POOL3_LAUNCH=none POOL3_LAUNCH_FLAGS=''
  launch "$@"
}

# False if a node of the job is gone: then the job's own exit code says nothing.
nodes_answer() {
  [[ -n ${SLURM_JOB_ID:-} ]] && ((${SLURM_JOB_NUM_NODES:-1} > 1)) || return 0
  timeout -k 5 60 srun --overlap --mpi=none --export=ALL -N "$SLURM_JOB_NUM_NODES" -n "$SLURM_JOB_NUM_NODES" --ntasks-per-node=1 true \
    </dev/null >/dev/null 2>&1
}

# again MESSAGE: puts the job back into the queue, or ends with 75 if that can't be.
again() {
  finished=yes
  if [[ -z ${SLURM_JOB_ID:-} ]]; then
    write_status failed 75 "$1; run the same command again to resume"
  elif ((restarts >= POOL3_MOST_RESTARTS)); then
    write_status failed 75 "$1; not requeued: $restarts restarts are enough (POOL3_MOST_RESTARTS)"
  else
    write_status requeued 75 "$1"
    say "$1; back into the queue"
    trap - TERM  # what ends this script next
    # The number of one task of an array is also that of the whole array.
    local job=${SLURM_ARRAY_JOB_ID:+${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID}
    scontrol requeue "${job:-$SLURM_JOB_ID}" && sleep 60
    write_status failed 75 "$1; scontrol requeue failed"
  fi
  exit 75
}

# end CODE: says how the job went, and ends it. 0 for "some pictures failed", so that jobs that wait for it start.
end() {
  if [[ $stop == cancelled && $1 != 0 && $1 != 3 ]]; then
    finished=yes
    write_status cancelled 75 'what is done is kept; submit again to resume'
    exit 75
  fi
  if [[ -n $stop && $keeps == no ]] && (($1 > 3)); then
    finished=yes
    write_status failed "$1" 'stopped before it was done, and nothing is kept; it needs a longer --time'
    exit "$1"
  fi
  case $1 in
    0) write_status 'done' 0 '' ;;
    3) write_status some_failed 3 'some pictures failed; see the failures table' ;;
    75) again 'stopped early' ;;
    *)
      nodes_answer || again 'a node is gone'
      [[ -z ${why:-} ]] || say "error: $why"
      write_status failed "$1" "${why:-see the log}"
      ;;
  esac
  finished=yes
  say "ended with exit code $1"
  (($1 != 3)) || exit 0
  exit "$1"
}

# Flags that all commands take, in `common_flags`; those of extract, in `extract_flags`.
collect_flags() {
  common_flags=(--metrics "$POOL3_STATUS/metrics")
  [[ -z $POOL3_CONFIG ]] || common_flags+=(--config "$POOL3_CONFIG")
  extract_flags=("${common_flags[@]}")
  [[ -z $POOL3_CORPUS ]] || extract_flags+=(--corpus "$POOL3_CORPUS")
  [[ -z $POOL3_LABELS ]] || extract_flags+=(--labels "$POOL3_LABELS")
  local -a more
  read -ra more <<<"$POOL3_EXTRACT_FLAGS"
  extract_flags+=("${more[@]}")
}
collect_flags
