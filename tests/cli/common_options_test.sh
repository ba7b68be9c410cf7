#!/usr/bin/env bash
# The options that all tools share do in each tool what its man page says. Usage: FILE BUILD_DIR
# shellcheck source=tests/expect.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../expect.sh"
bn=$build/bn-train

# --- what the commands below read
expect 0 "$bn" convert --from scenes --kind shapes --count 40 --side 16 -o set.h5
expect 0 "$bn" convert --from scenes --kind shapes --count 40 --side 32 -o large.h5
expect 0 "$bn" convert --from scenes --kind fragile --count 40 -o grey.h5
cat >tiny.net <<'NET'
fovea-net 1
input name=data height=16 width=16 channels=3 std=255
conv name=conv1 out=4 kernel=3 pad=same
relu name=relu1
max_pool name=pool1 kernel=4 stride=4
dense name=fc out=8
NET
sed 's/channels=3/channels=1/' tiny.net >grey.net
expect 0 "$bn" train --data set.h5 --net tiny.net --batch 8 --steps 2 -o net.ckpt.h5
expect 0 "$bn" train --data grey.h5 --net grey.net --batch 8 --steps 2 -o grey.ckpt.h5
expect 0 "$build/rcnn-propose" run --images set.h5 --min-side 4 -o boxes.h5
expect 0 "$build/rcnn-detect" features --model net.ckpt.h5 --images set.h5 --split train --proposals boxes.h5 --top 30 \
  --truth --layer pool1 --padding 2 -o train-features.h5
expect 0 "$build/caption-attend" convert --from scenes --count 84 --side 16 --test-fraction 0.25 --val-fraction 0.25 \
  -o captions.h5
expect 0 "$build/caption-attend" features --model net.ckpt.h5 --images captions.h5 --layer conv1 -o places.h5
expect 0 "$build/pose-estimate" convert --from stick-figures --height 64 --width 64 --count 10 \
  --pictures people-set.h5 -o people.h5

# For each tool a quick command that writes a file and counts on its progress line, and one that trains.
works_of() {
  case $1 in
    bn-train) work=(convert --from scenes --kind digits --count 200) ;;
    rcnn-propose) work=(run --images large.h5 --min-side 4) ;;
    rcnn-detect)
      work=(features --model net.ckpt.h5 --images set.h5 --proposals boxes.h5 --top 5 --layer pool1 --padding 2)
      ;;
    pose-estimate) work=(convert --from stick-figures --count 60 --height 48 --width 48 --pictures drawn.h5) ;;
    caption-attend) work=(convert --from scenes --count 20 --side 16 --test-fraction 0.25) ;;
    advgen-train) work=(attack --model grey.ckpt.h5 --data grey.h5 --attack noise) ;;
  esac
}
training_of() {
  case $1 in
    bn-train) training=(train --data set.h5 --net tiny.net --batch 8) ;;
    rcnn-propose) training=() ;;
    rcnn-detect) training=(finetune --model net.ckpt.h5 --images set.h5 --split train --proposals boxes.h5 --positives 4
      --backgrounds 4 --padding 2) ;;
    pose-estimate) training=(train --data people.h5 --images people-set.h5 --input 32x32 --width 0.03 --batch 2) ;;
    caption-attend) training=(train --features places.h5 --data captions.h5 --preset tiny --hidden 8 --batch 8) ;;
    advgen-train) training=(train --method plain --data grey.h5 --net grey.net --batch 8) ;;
  esac
}

size_of() { stat -c %s "$1"; }
# On a terminal, which `script` (bsdutils) makes.
# shellcheck disable=SC2317  # called by check
on_a_terminal() { TERM=xterm script -qec "$(printf '%q ' "$@")" /dev/null </dev/null | tr -d '\r'; }
# shellcheck disable=SC2317
draws_a_line() { on_a_terminal "$@" | grep -q $'\x1b\\[K.*[0-9]/[0-9]* ('; }
terminals=1
on_a_terminal true >/dev/null 2>&1 || terminals=0
((terminals)) || echo "no terminal can be made here (no /dev/pts?): what is drawn on one is not checked"
progress_line() { # COMMAND...
  if ! ((terminals)); then
    for when in auto always never; do expect 0 "$@" --progress $when -o shown.h5; done
    return
  fi
  check "$tool --progress auto draws on a terminal" draws_a_line "$@" -o shown.h5
  check "$tool --progress always draws even with --quiet" draws_a_line "$@" --quiet --progress always -o shown.h5
  check "$tool --progress never does not" not draws_a_line "$@" --progress never -o shown.h5
}

# The names in the section of a command in the man page.
own_options() { # TOOL VERB
  awk -v verb="$2" '
    /^\.SH / { commands = $2 == "COMMANDS" }
    /^\.SS / { here = commands && $2 == verb }
    here && /^\\fB\\-/ { gsub(/\\fR.*|\\fB|\[no\\-\]/, ""); gsub(/\\-/, "-"); sub(/.*--/, ""); print }' "$root/man/$1.1"
}

for tool in bn-train rcnn-propose rcnn-detect pose-estimate caption-attend advgen-train; do
  works_of $tool
  run=("$build/$tool" "${work[@]}")
  verb=${work[0]}

  # --- help
  expect 0 "$build/$tool" "$verb" --help
  cp out long
  expect 0 "$build/$tool" "$verb" -h
  check "$tool: the long help is the longer one" test "$(size_of long)" -gt "$(size_of out)"
  own_options $tool "$verb" >names
  check "$tool: with each of the $(wc -l <names) options of $verb" test "$(wc -l <names)" -gt 3 -a -z "$(
    while read -r name; do grep -qE -- "^ .*--(\\[no-\\])?$name( |\$)" long || printf ' %s' "$name"; done <names)"
  expect 0 "$build/$tool" "$verb" --version
  check "$tool: its name and version" grep -Eq "^$tool \(fovea\) [0-9]+\.[0-9]+" out

  # --- one file several ways: the content is the same, or nothing is written
  expect 0 "${run[@]}" -o plain.h5
  expect 0 "${run[@]}" --compress 0 -o open.h5
  expect 0 "${run[@]}" --compress 9 -o packed.h5
  check "$tool --compress changes the size" test "$(size_of open.h5)" -gt "$(size_of packed.h5)"
  check "$tool --compress does not change the content" same_content open.h5 packed.h5
  touch -d '2 minutes ago' plain.h5 stamp
  expect 73 "${run[@]}" --no-clobber -o plain.h5
  check "$tool --no-clobber leaves the file alone" test ! plain.h5 -nt stamp
  expect 65 "$build/$tool" merge --max-memory 8K large.h5 -o none.h5
  check "$tool --max-memory says what the limit is" grep -q 'the limit is 8.0 KiB' err
  expect 0 "$build/$tool" "$verb" --info plain.h5
  check "$tool --info names tool and verb" grep -q "\"tool\": \"$tool $verb\"" out

  # --- a configuration file, and what it comes to
  printf 'threads = 1\n[%s]\ncompress = 9\n[verify]\nthreads = 2\n' "$verb" >run.toml
  expect 0 "${run[@]}" --config run.toml -o configured.h5
  check "$tool --config is read" cmp -s configured.h5 packed.h5
  expect 0 "${run[@]}" --config run.toml --compress 0 -o configured.h5
  check "$tool: the command line wins over it" cmp -s configured.h5 open.h5
  expect 0 "${run[@]}" --config run.toml --print-config -o again.h5
  check "$tool --print-config only prints" test ! -e again.h5
  cp out again.toml
  expect 0 "$build/$tool" "$verb" --config again.toml
  check "$tool --print-config prints what --config reads" same_content again.h5 packed.h5
  check "$tool: all of it" test "$(size_of again.h5)" -lt "$(size_of open.h5)"
  rm -f again.h5
  printf '[%s]\ncompres = 9\n' "$verb" >misspelt.toml
  expect 64 "${run[@]}" --config misspelt.toml -o none.h5
  check "$tool: a misspelt key has a hint" grep -q "did you mean 'compress'" err

  # --- messages
  expect 0 "$build/$tool" merge large.h5 -o copy.h5
  check "$tool says what it wrote" grep -q "^$tool: info: copy.h5: " err
  expect 0 "$build/$tool" merge --quiet large.h5 -o copy.h5
  check "$tool --quiet says nothing" test ! -s err
  expect 0 "${run[@]}" --verbose -o verbose.h5
  check "$tool --verbose says more" grep -q 'debug: parameters: {' err
  expect 0 "${run[@]}" -vv -o verbose.h5
  check "$tool --verbose twice: with the time" grep -q "^$tool [0-9]*\.[0-9]*s: debug: parameters: {" err
  rm -f run.log
  for _ in 1 2; do expect 0 "${run[@]}" --quiet --log-file run.log -o logged.h5; done
  check "$tool --log-file has both runs with their times" test \
    "$(grep -c "^20[0-9-]*T[0-9:.+-]* $tool: debug: parameters: {" run.log)" = 2
  progress_line "${run[@]}"
  check "nothing was written" test ! -e none.h5

  # --- training
  training_of $tool
  ((${#training[@]})) || continue
  train=("$build/$tool" "${training[@]}" --steps 7)
  expect 0 "${train[@]}" --dry-run -o none.h5
  check "$tool --dry-run writes nothing" test ! -e none.h5
  rm -f run*.ckpt.h5 cut.ckpt.h5
  expect 0 "${train[@]}" --checkpoint-every 2it --keep 2 -o run.ckpt.h5
  check "$tool --checkpoint-every 2it --keep 2 leaves steps 4 and 6" test "$(echo run.step*)" = \
    "run.step00000004.ckpt.h5 run.step00000006.ckpt.h5"
  expect 64 "${train[@]}" --keep 2 -o none.h5
  check "$tool --keep without steps says what it needs" grep -q -e '--keep: needs --checkpoint-every in steps' err
  cp run.step00000004.ckpt.h5 later.ckpt.h5
  expect 0 "${train[@]}" --resume -o later.ckpt.h5
  check "$tool --resume continues at the step it finds" grep -q 'continuing later.ckpt.h5 at step 4 of 7' err
  check "$tool: to the same end" same_content later.ckpt.h5 run.ckpt.h5
  expect 75 "${train[@]}" --max-time 0.001 -o cut.ckpt.h5
  expect 0 "${train[@]}" --seed 2 -o other.ckpt.h5
  check "$tool --seed changes what is learned" test "$(hash_of other.ckpt.h5)" != "$(hash_of run.ckpt.h5)"
  expect 0 "${train[@]}" --no-deterministic -o loose.ckpt.h5
  check "$tool --no-deterministic is on record" grep -q '"deterministic": false' <("$build/$tool" --info loose.ckpt.h5)
done

# rcnn-propose trains nothing.
expect 0 "$build/rcnn-propose" run --images set.h5 --dry-run -o none.h5
check "rcnn-propose --dry-run writes nothing" test ! -e none.h5
exit $((failures > 0))
