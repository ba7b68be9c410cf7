#!/usr/bin/env bash
# Where a command of any of the six tools may not write: in a folder that is not there (73), onto a file with
# --no-clobber (73), to a full device (74). One line says so, and no file is left or changed. Usage: FILE BUILD_DIR
# shellcheck source=tests/expect.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../expect.sh"
PATH=$build:$PATH
# shellcheck source=share/experiments/robustness/common.sh
. "$root/share/experiments/robustness/common.sh"
check "files to work on" make_files
listing() { find . -mindepth 1 ! -name out ! -name err ! -name before -printf '%P %s %T@\n' | sort; }
listing >before

# fails CODE TEXT COMMAND...: one line of error, which has TEXT, and the files as they were.
fails() {
  local code=$1 text=$2
  shift 2
  expect "$code" "$@"
  check "one line of error: $*" test "$(grep -c ': error: ' err)" = 1
  check "it says '$text': $*" grep -qF -- "$1: error: $text" err
  listing | cmp -s before - || check "files are left or changed: $*" false
}

for i in "${!lines[@]}"; do
  read -ra words <<<"${lines[i]}"
  if [[ -z ${targets[i]} ]]; then
    # shellcheck disable=SC2016
    expect 74 bash -c '"$@" >/dev/full' bash "${words[@]}"
    check "one line of error: ${words[*]}" test "$(grep -c ': error: ' err)" = 1
    check "it says why: ${words[*]}" grep -q ': error: stdout: cannot write: No space left on device' err
    continue
  fi
  clobber=no
  "${words[@]:0:2}" --help | grep -q -- --no-clobber && clobber=yes
  [[ $clobber == no ]] || fails 73 "${targets[i]%% *}: exists, and --no-clobber was given" "${words[@]}" --no-clobber
  for file in ${targets[i]}; do
    [[ " ${lines[i]} " == *" $file "* ]] || continue  # RUN.best.ckpt.h5 has no option of its own
    read -ra words <<<"${lines[i]/ $file/ nowhere/$file}"
    fails 73 "nowhere/$file: cannot create: No such file or directory" "${words[@]}"
    last=$file
  done
  # Through a link, whose name may have the suffix that the tool wants. The last of two outputs, or the only one.
  full=full.${last#*.}
  ln -s /dev/full "$full"
  read -ra words <<<"${lines[i]/ $last/ $full}"
  expect 74 "${words[@]}"
  check "one line of error: ${words[*]}" test "$(grep -c ': error: ' err)" = 1
  check "it says why: ${words[*]}" grep -q "error: $full: cannot write: No space left on device" err
  rm "$full"
  listing >before
done

exit $((failures > 0))
