# shellcheck shell=bash
# What the checks of this folder, and those of tests/robustness, share. A script sources this file; the tools are in
# PATH.
robustness=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034
tools=(bn-train rcnn-propose rcnn-detect caption-attend advgen-train pose-estimate)

# The list `commands`: line i writes the files ${targets[i]} (separated by blanks; none: standard output) by
# ${lines[i]}.
targets=() lines=()
declare -A maker=()  # file -> i
load_commands() {
  local files words file
  while read -r files words; do
    [[ $files == '' || $files == '#'* ]] && continue
    [[ $files != - ]] || files=
    for file in ${files//,/ }; do maker[$file]=${#lines[@]}; done
    targets+=("${files//,/ }")
    lines+=("$words")
  done <"$robustness/commands"
}
load_commands

# now: milliseconds.
now() { echo $(($(date +%s%N) / 1000000)); }

# inputs_of I: the files of the list that line I reads.
inputs_of() {
  local word
  for word in ${lines[$1]}; do
    if [[ -n ${maker[$word]:-} && ${maker[$word]} != "$1" ]]; then printf '%s\n' "$word"; fi
  done
}

# make_files [FILE...]: makes these files of the list, and what they need, in the present folder; all without arguments.
# took[I] is then how many milliseconds line I took.
took=()
make_files() {
  local file input start line
  (($# > 0)) || set -- "${!maker[@]}"
  for file; do
    [[ ! -e $file ]] || continue
    line=${maker[$file]}
    for input in $(inputs_of "$line"); do make_files "$input" || return; done
    start=$(now)
    # shellcheck disable=SC2086
    if ! ${lines[line]} >/dev/null 2>.messages </dev/null; then
      cat .messages >&2
      printf 'cannot make %s\n' "$file" >&2
      return 1
    fi
    # shellcheck disable=SC2034
    took[line]=$(($(now) - start))
  done
  rm -f .messages
}

# content_of FILE: what tells contents apart: the content hash of our files, the sum of others.
content_of() {
  case $1 in
    *.h5) bn-train --info "$1" 2>/dev/null | sed -n 's/.*"content_hash": "\([0-9a-f]*\)".*/\1/p' | head -n 1 ;;
    *) cksum <"$1" ;;
  esac
}

# random N: sets `chosen` to one of 0..N-1. Not printed: in a subshell, RANDOM does not go on from RANDOM=SEED.
random() { chosen=$(((RANDOM << 15 | RANDOM) % $1)); }
# pause MILLISECONDS
pause() { sleep "$(($1 / 1000)).$(printf %03d $(($1 % 1000)))"; }

# limited COMMAND...: in no more address space than work on these files needs (most of it is OpenBLAS's, which reserves
# some for each processor when a program starts), and not for ever.
patience=120
address_space=$((3000000 + 300000 * $(nproc)))
limited() (
  ulimit -c 0
  [[ -z $address_space ]] || ulimit -v "$address_space"
  exec timeout --kill-after 5 "$patience" "$@"
)
# Programs with AddressSanitizer reserve far more.
if ! limited bn-train --version >/dev/null 2>&1; then
  address_space=
  printf 'note: without a limit of the address space: the programs do not start in it\n' >&2
fi
