#!/usr/bin/env bash
# Odd surroundings: standard streams that are closed or full, full and read-only disks, limits, locales, an empty
# environment, names of all kinds, links. The bytes are the same everywhere, or one line says what is wrong.
# Disks need root and mount(8); without them that part is skipped, which is said. Usage: FILE BUILD_DIR
# shellcheck disable=SC2016
# shellcheck source=tests/expect.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../expect.sh"
PATH=$build:$PATH
# shellcheck source=share/experiments/robustness/common.sh
. "$root/share/experiments/robustness/common.sh"
check "files to work on" make_files small.h5 found.h5 said.h5 adv.h5 poses.h5

one_error() { check "one line of error: $1" test "$(grep -c ': error: ' err)" = 1; }
says() { check "$1" grep -qF -- "$2" err; }
in_shell() { # CODE SCRIPT ARGUMENT...: for redirections; the script sees the arguments
  local code=$1
  shift
  expect "$code" bash -c "$1" bash "${@:2}"
}

# Turkish has decimal commas and another i: the locale itself where its source is installed (Debian's package locales),
# else its name alone.
mkdir locales
if localedef -i tr_TR -f UTF-8 locales/tr_TR.UTF-8 2>/dev/null; then
  export LOCPATH=$dir/locales
else
  echo "note: no source of the locale tr_TR"
fi

# A command of each tool that writes a file, and one that prints.
writers=(
  "small.h5 ${lines[${maker[small.h5]}]% -o *}"
  "boxes.h5 ${lines[${maker[boxes.h5]}]% -o *}"
  "found.h5 ${lines[${maker[found.h5]}]% -o *}"
  "said.h5 ${lines[${maker[said.h5]}]% -o *}"
  "adv.h5 ${lines[${maker[adv.h5]}]% -o *}"
  "poses.h5 pose-estimate predict --model pose.ckpt.h5 --data people.h5 --images people.set.h5"
)
printers=(
  "bn-train eval net.ckpt.h5 --data small.h5"
  "rcnn-propose eval boxes.h5 --truth set.h5"
  "rcnn-detect eval found.h5 --truth set.h5"
  "caption-attend eval said.h5 --data scenes.h5 --split test"
  "advgen-train eval gat.ckpt.h5 --data fragile.h5 --attacks fgsm --limit 8 --no-checks"
  "pose-estimate eval --truth people.h5 --pred poses.h5"
)

# --- standard streams closed, one by one and all
for writer in "${writers[@]}"; do
  good=${writer%% *}
  read -ra words <<<"${writer#* }"
  code=0
  [[ ${words[0]} != advgen-train ]] || code=74  # it prints what it did, too
  in_shell $code 'exec "$@" -o closed.h5 <&- >&- 2>&-' "${words[@]}"
  check "all three closed: ${words[*]}" cmp -s closed.h5 "$good"
  in_shell 74 'exec "$@" -o - >&-' "${words[@]}"
  one_error "${words[*]}"
  says "which stream it was" "error: stdout: cannot write: Bad file descriptor"
  in_shell 74 'exec "$@" -o - >/dev/full' "${words[@]}"
  one_error "${words[*]}"
  rm -f closed.h5
done
for printer in "${printers[@]}"; do
  read -ra words <<<"$printer"
  expect 0 "${words[@]}" --format tsv
  cp out table
  in_shell 0 'exec "$@" --format tsv <&- 2>&-' "${words[@]}"
  check "without stdin and stderr: $printer" cmp -s out table
  in_shell 74 'exec "$@" --format tsv >&-' "${words[@]}"
  one_error "$printer"
  in_shell 74 'exec "$@" --format tsv >/dev/full 2>/dev/full' "${words[@]}"
  for locale in de_DE tr_TR; do
    expect 0 env LC_ALL=$locale.UTF-8 LANGUAGE=${locale%_*} "${words[@]}" --format tsv
    check "$locale: $printer" cmp -s out table
  done
done
in_shell 74 'exec bn-train verify - <&-'
says "stdin was closed" "error: stdin: cannot read: Bad file descriptor"
in_shell 66 'exec bn-train verify missing.h5 2>/dev/full'
read -ra words <<<"${lines[${maker[net.ckpt.h5]}]/ net.ckpt.h5/ logged.ckpt.h5}"
expect 0 "${words[@]}" --log-file /dev/full
check "a log that cannot be written does not stop the work" cmp -s logged.ckpt.h5 net.ckpt.h5
expect 74 bn-train train --data small.h5 --net shapes-conv-bn --batch 16 --steps 4 --metrics /dev/full -o none.h5
one_error "--metrics /dev/full"

# --- surroundings: nothing set, odd locales, no folder for temporary files, no home, another present folder
for writer in "${writers[@]}"; do
  good=${writer%% *}
  read -ra words <<<"${writer#* }"
  expect 0 env -i ${FOVEA_MODELS:+"FOVEA_MODELS=$FOVEA_MODELS"} "$build/${words[0]}" "${words[@]:1}" -o bare.h5
  check "an empty environment: ${words[*]}" cmp -s bare.h5 "$good"
  expect 0 env LC_ALL=tr_TR.UTF-8 TMPDIR=/nonexistent HOME=/nonexistent TERM=none COLUMNS=-3 TZ=nowhere \
    "${words[@]}" -o odd.h5
  check "an odd environment: ${words[*]}" cmp -s odd.h5 "$good"
  rm -f bare.h5 odd.h5
done
mkdir gone
draw=(bn-train convert --from scenes --kind shapes --count 64)  # small.h5
in_shell 0 'cd gone && rmdir ../gone && exec "$@"' "${draw[@]}" -o "$dir/elsewhere.h5"
check "from a folder that is gone" cmp -s elsewhere.h5 small.h5
rm -f elsewhere.h5

# --- names
mkdir names
for name in "with blank.h5" $'two\nlines.h5' $'tab\there.h5' "Grüße-写真.h5" "quote'\"\$(x)\`*?.h5" -- "=.h5" \
  "back\\slash.h5" $'latin\xe9.h5' "$(printf 'n%.0s' {1..250}).h5"; do
  expect 0 "${draw[@]}" --output "names/$name"
  check "name $(printf %q "$name")" cmp -s "names/$name" small.h5
  expect 0 bn-train verify "names/$name"
  check "one row for $(printf %q "$name")" test "$(wc -l <out)" = 1
  head -c 1000 small.h5 >"names/$name"
  expect 1 bn-train verify "names/$name"
  one_error "verify of $(printf %q "$name")"
  check "and no other line" test "$(wc -l <err)" = 1
  expect 65 bn-train eval net.ckpt.h5 --data "names/$name"
  one_error "$(printf %q "$name") as data"
done
expect 0 "${draw[@]}" --output=-dash.h5
expect 0 "${draw[@]}" -o ./-
check "./- is a file" cmp -s ./- small.h5
check "and so is -dash.h5" cmp -s ./-dash.h5 small.h5
expect 0 bn-train verify ./- ./-dash.h5 -- -dash.h5
expect 64 bn-train verify -dash.h5
rm -rf names ./- ./-dash.h5
expect 73 bn-train convert --from scenes --count 4 -o "$(printf 'n%.0s' {1..256})"
one_error "a name of 256 bytes"
expect 64 bn-train convert --from scenes --count 4 -o ''
expect 73 bn-train convert --from scenes --count 4 -o .
one_error "a folder as output"

# --- links, inputs that are outputs, files that are no files
cp small.h5 input.h5
expect 0 rcnn-detect split set.h5 -o split.h5
cp set.h5 same.h5
expect 0 rcnn-detect split same.h5 -o same.h5
check "an output may be an input" same_content same.h5 split.h5
ln -s target.h5 link.h5
expect 0 "${draw[@]}" -o link.h5
check "a link to nothing makes what it names" cmp -s target.h5 small.h5
chmod 640 target.h5
expect 0 "${draw[@]}" --count 63 -o link.h5
check "a link stays one" test -L link.h5
check "and its file is replaced" bash -c '! cmp -s target.h5 small.h5'
check "which keeps its mode" test "$(stat -c %a target.h5)" = 640
ln -s link.h5 second.h5
expect 0 "${draw[@]}" -o second.h5
check "a link to a link" cmp -s target.h5 small.h5
ln -s loop.h5 loop.h5
expect 73 bn-train convert --from scenes --count 4 -o loop.h5
one_error "a link to itself"
expect 66 bn-train verify loop.h5
ln -s nowhere/target.h5 far.h5
expect 73 bn-train convert --from scenes --count 4 -o far.h5
one_error "a link into a folder that is not there"
ln small.h5 hard.h5
expect 0 "${draw[@]}" --count 63 -o hard.h5
check "another name of a file that is replaced keeps the old" same_content small.h5 input.h5
mkfifo fifo
in_shell 0 'cat fifo >read.h5 & "$@" -o fifo; code=$?; wait; exit $code' "${draw[@]}"
check "a FIFO is written" cmp -s read.h5 small.h5
in_shell 0 'cat small.h5 >fifo & exec bn-train verify fifo'
rm -f fifo loop.h5 far.h5 link.h5 second.h5
check "no temporary file is left" test -z "$(find . -name '*.tmp')"

# --- one output cannot be two, and one stream can be read once
one_of() { # COMMAND...: contradictory options
  expect 64 "$@"
  one_error "$*"
  check "nothing is written: $*" test ! -e one.h5 -a ! -s out
  rm -f one.h5
}
people=(pose-estimate convert --from stick-figures --height 64 --width 64 --count 4)
one_of "${people[@]}" --pictures one.h5 -o one.h5
one_of "${people[@]}" --pictures - -o -
one_of pose-estimate predict --model pose.ckpt.h5 --data people.h5 --images people.set.h5 --heatmaps one.h5 -o ./one.h5
one_of bn-train train --data small.h5 --net shapes-conv-bn --batch 16 --steps 2 --metrics one.h5 -o one.h5
in_shell 64 'exec rcnn-detect detect --model - --images - <detector.ckpt.h5'
one_error "two inputs from stdin"

# --- limits of files and descriptors; sanitizers write files and want descriptors of their own
if [[ -z ${SANITIZED:-} ]]; then
  for size in 0 8; do
    in_shell 74 'ulimit -f "$1"; shift; exec "$@" 2>/dev/null' $size "${draw[@]}" --count 640 -o small.h5
  done
  check "SIGXFSZ is an ordinary error, and the old file stays" same_content small.h5 input.h5
  in_shell 0 'ulimit -n 6; exec "$@"' bn-train merge small.h5 -o merged.h5
  check "few descriptors do" cmp -s merged.h5 small.h5
fi

# --- disks
disk() { # OPTIONS: a disk of 200 KB with an old file on it, mounted for this test
  mkdir -p disk
  mount -t tmpfs -o size=200k tmpfs disk 2>/dev/null || return 1
  trap 'umount "$dir/disk" 2>/dev/null; rm -rf "$dir"' EXIT
  cp set.h5 disk/set.h5
}
if disk; then
  expect 74 "${draw[@]}" --count 640 -o disk/set.h5
  one_error "a full disk"
  says "why" "error: disk/set.h5: cannot write"
  says "system's words" "No space left on device"
  check "the old file stays" same_content disk/set.h5 set.h5
  check "and nothing else" test "$(ls -A disk)" = set.h5
  read -ra words <<<"${lines[${maker[net.ckpt.h5]}]/ net.ckpt.h5/ disk\/run.ckpt.h5}"
  expect 74 "${words[@]}"
  one_error "a full disk in training"
  expect 74 rcnn-propose show boxes.h5 --images set.h5 --count 2 -o disk/boxes.png
  one_error "a full disk for a picture"
  check "still nothing else" test "$(ls -A disk)" = set.h5
  # Room for one of the two outputs.
  expect 74 pose-estimate predict --model pose.ckpt.h5 --data people.h5 --images people.set.h5 \
    --heatmaps disk/maps.h5 -o disk/poses.h5
  one_error "a disk too small for the second output"
  check "no half file" test -z "$(find disk -name '.*.tmp')"
  rm -f disk/poses.h5
  mount -o remount,ro disk
  for file in set.h5 new.h5; do
    expect 73 bn-train convert --from scenes --kind shapes --count 4 -o disk/$file
    one_error "a read-only disk"
    says "why" "error: disk/$file: cannot create: Read-only file system"
  done
  expect 0 bn-train verify disk/set.h5
  umount disk
  trap 'rm -rf "$dir"' EXIT
else
  echo "SKIPPED: full and read-only disks: no right to mount"
fi
if [[ $(id -u) -ne 0 ]]; then
  mkdir -m 500 locked
  expect 73 bn-train convert --from scenes --count 4 -o locked/new.h5
  says "why" "error: locked/new.h5: cannot create: Permission denied"
  touch secret.h5 && chmod 0 secret.h5
  expect 66 bn-train verify secret.h5
elif setpriv --reuid 65534 --regid 65534 --clear-groups true 2>/dev/null; then
  # A copy: the build folder may lie in root's home, where nobody else may look.
  chmod 755 . && cp "$programs/bn-train" copy-of-bn-train
  as_nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups ./copy-of-bn-train)
  mkdir -m 755 locked
  expect 73 "${as_nobody[@]}" convert --from scenes --count 4 -o locked/new.h5
  says "why" "error: locked/new.h5: cannot create: Permission denied"
  touch secret.h5 && chmod 0 secret.h5
  expect 66 "${as_nobody[@]}" verify secret.h5
  says "why" "error: secret.h5: cannot open: Permission denied"
else
  echo "SKIPPED: folders and files without permission: root, who cannot become somebody else"
fi

exit $((failures > 0))
