#!/usr/bin/env bash
# Shares of one run without a cluster: --shard slurm in every command that has it, by the variables that Slurm sets in a
# job array, and fovea.mk under 'make -j4' with an interruption. (The tools' own tests have --shard i/n.)
# Usage: FILE BUILD_DIR
# shellcheck source=tests/expect.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../expect.sh"
bn=$build/bn-train propose=$build/rcnn-propose detect=$build/rcnn-detect caption=$build/caption-attend
advgen=$build/advgen-train pose=$build/pose-estimate
unset "${!SLURM_@}" MAKEFLAGS MAKELEVEL
export FOVEA_THREADS=1

# --- small data and models for all tools
expect 0 "$bn" convert --from scenes --kind shapes --count 64 -o small.h5
expect 0 "$bn" convert --from scenes --kind shapes --count 7 --side 48 --max-objects 2 --test-fraction 0 -o set.h5
expect 0 "$bn" train --data small.h5 --net shapes-conv-bn --batch 16 --steps 4 -o net.ckpt.h5
expect 0 "$propose" run --images set.h5 --min-side 8 --scale 30,60 -o boxes.h5
features=(features --model net.ckpt.h5 --images set.h5 --padding 4 --layer pool3 --grid 2 --proposals boxes.h5 --truth)
expect 0 "$detect" "${features[@]}" -o features.h5
expect 0 "$detect" train --features features.h5 --images set.h5 --model net.ckpt.h5 -o detector.ckpt.h5
expect 0 "$caption" convert --from scenes --count 7 --side 32 -o captions.h5
grids=(features --model net.ckpt.h5 --images captions.h5 --fit stretch --layer conv3)
expect 0 "$caption" "${grids[@]}" -o grids.h5
expect 0 "$caption" train --features grids.h5 --data captions.h5 --preset tiny --hidden 16 --embedding 8 --units 8 \
  --batch 4 --min-count 1 --val-split '' --steps 4 -o caption.ckpt.h5
expect 0 "$pose" convert --from stick-figures --height 48 --width 64 --count 14 --test-fraction 0.5 \
  --pictures pictures.h5 -o people.h5
expect 0 "$pose" train --data people.h5 --images pictures.h5 --input 48x64 --width 0.04 --batch 4 --steps 2 \
  -o pose.ckpt.h5

# --- as an array: from 0; in steps and with more tasks than there are items; with gaps
# array MIN MAX STEP COUNT: Slurm's variables, but for the task's number
array() {
  export SLURM_ARRAY_TASK_MIN=$1 SLURM_ARRAY_TASK_MAX=$2 SLURM_ARRAY_TASK_STEP=$3 SLURM_ARRAY_TASK_COUNT=$4
}
covered=
shards() { # TOOL VERB OPTIONS...: {} in an option is the name of a second output without .h5
  local tool=$1 verb=$2 at spec min max step count parts
  local name=${tool##*/}-$verb
  covered+="$name"$'\n'
  shift
  expect 0 "$tool" "${@//'{}'/second}" -o whole.h5
  for spec in "0 2 1 3" "3 17 2 8"; do
    read -r min max step count <<<"$spec"
    array "$min" "$max" "$step" "$count"
    parts=()
    for ((at = min; at <= max; at += step)); do
      SLURM_ARRAY_TASK_ID=$at expect 0 "$tool" "${@//'{}'/second$at}" --shard slurm -o "part$at.h5"
      parts+=("part$at.h5")
    done
    mapfile -t parts < <(printf '%s\n' "${parts[@]}" | shuf --random-source=<(yes))
    expect 0 "$tool" merge "${parts[@]}" -o merged.h5
    check "$name: tasks $min-$max in steps of $step merge to the whole" cmp -s merged.h5 whole.h5
    if [ -e second.h5 ]; then
      expect 0 "$tool" merge "${parts[@]/#part/second}" -o merged.h5
      check "$name: so does its second output" cmp -s merged.h5 second.h5
    fi
    rm -f part*.h5 merged.h5 second?*.h5
  done
  array 1 9 1 3
  SLURM_ARRAY_TASK_ID=7 expect 64 "$tool" "${@//'{}'/none}" --shard slurm -o whole.h5
  check "$name: an array with gaps is refused" grep -q 'expected a dense array, found task 7 of 3 in 1..9' err
  check "$name: and nothing is written" test ! -e none.h5
  rm -f second.h5
}
shards "$bn" convert --from scenes --kind shapes --count 7
shards "$propose" run --images set.h5 --min-side 8 --scale 30,60
shards "$detect" "${features[@]}"
shards "$detect" detect --model detector.ckpt.h5 --features features.h5
shards "$caption" convert --from scenes --count 7 --side 32
shards "$caption" "${grids[@]}"
shards "$caption" predict --model caption.ckpt.h5 --features grids.h5 --images captions.h5 --max-words 4
shards "$advgen" attack --model net.ckpt.h5 --data small.h5 --split test --limit 7 --eps 8/255 --attack fgsm
shards "$pose" predict --model pose.ckpt.h5 --data people.h5 --images pictures.h5 --split test --heatmaps '{}.h5'
for tool in "$bn" "$propose" "$detect" "$caption" "$advgen" "$pose"; do
  "$tool" --help-json |
    awk -F'"' -v tool="${tool##*/}" '/"usage"/ { verb = $4 } $4 == "shard" { print tool "-" verb }'
done >sharded
check "every command that has --shard is above" test "$(sort sharded)" = "$(sort <<<"${covered%$'\n'}")"

# --- an older Slurm that says nothing about steps, and none at all
array 1 2 1 2
unset SLURM_ARRAY_TASK_STEP
parts=()
for at in 2 1; do
  SLURM_ARRAY_TASK_ID=$at expect 0 "$bn" convert --from scenes --kind shapes --count 7 --shard slurm -o "part$at.h5"
  parts+=("part$at.h5")
done
expect 0 "$bn" merge "${parts[@]}" -o merged.h5
expect 0 "$bn" convert --from scenes --kind shapes --count 7 -o whole.h5
check "tasks 1-2 merge to the whole" cmp -s merged.h5 whole.h5
unset "${!SLURM_@}"
expect 64 "$propose" run --images set.h5 --shard slurm -o none.h5
check "outside of Slurm it names what is missing" grep -q 'SLURM_ARRAY_TASK_ID, found none' err

# --- fovea.mk: shares and a training under make -j4, interrupted
cat >Makefile <<MAKE
include $root/share/fovea.mk
STEPS = 20
all: found.h5 run.ckpt.h5
parts := \$(call shards,found.h5,5)
\$(parts): set.h5
	@while [ -e hold ] && [ \$@ = found.3-of-5.h5 ]; do sleep 0.05; done
	$propose run --images \$< --min-side 8 --scale 30,60 \$(shard)
found.h5: \$(parts)
	$propose merge \$(merge)
run.ckpt.h5: small.h5
	$bn train --data \$< --net shapes-conv-bn --batch 16 --steps \$(STEPS) --checkpoint-every 2it \
	  --resume \$(save)
MAKE
: >hold
setsid make -j4 STEPS=1000000 >make.log 2>&1 &
pid=$!
for ((i = 0; i < 200; ++i)); do
  if [ -e run.part.ckpt.h5 ] && [ "$(find . -name 'found.*-of-5.h5' | wc -l)" = 4 ]; then break; fi
  sleep 0.1
done
kill -TERM -- "-$pid"
wait "$pid"
# The shell of a recipe does not wait for its tool, which still saves.
while kill -0 -- "-$pid" 2>/dev/null; do sleep 0.05; done
rm hold
check "make was interrupted while it worked" \
  test -e run.part.ckpt.h5 -a -e found.0-of-5.h5 -a ! -e found.3-of-5.h5
check "no target is there yet" test ! -e found.h5 -a ! -e run.ckpt.h5
check "nor a temporary file" test -z "$(find . -name '.*.tmp')"
steps=$(($("$bn" --info run.part.ckpt.h5 | sed -n 's/^ *"step": \([0-9]*\).*/\1/p' | tail -n 1) + 5))
expect 0 make -j4 STEPS="$steps"
check "the share that was missing, and no other, was made" \
  test "$(grep -o 'found.[0-9]-of-5.h5: ' err)" = 'found.3-of-5.h5: '
check "the training went on" grep -q "continuing run.part.ckpt.h5 at step $((steps - 5)) of $steps" err
check "the shares merge to the whole" cmp -s found.h5 boxes.h5
expect 0 "$bn" train --data small.h5 --net shapes-conv-bn --batch 16 --steps "$steps" -o straight.ckpt.h5
check "the training ends as if nobody had disturbed it" same_content run.ckpt.h5 straight.ckpt.h5
check "shares and parts are gone" test -z "$(find . -name 'found.*-of-*' -o -name '*.part.*')"
expect 0 make -q
sleep 0.01
touch set.h5
expect 1 make -q
expect 0 make -j4
check "new pictures: all shares again" test "$(grep -c 'found.[0-9]-of-5.h5: ' err)" = 5
check "and the same bytes" cmp -s found.h5 boxes.h5

# --- what a crash leaves goes when it is a day old
mkdir deep
touch -d '3 days ago' .found.h5.77.1.tmp deep/.set.h5.78.1.tmp .kept.tmp data.1.2.tmp
touch .found.h5.79.1.tmp
expect 0 make clean-temp
check "only old temporary files of the tools are removed" test "$(find . -name '*.tmp' | sort | tr '\n' ' ')" = \
  './.found.h5.79.1.tmp ./.kept.tmp ./data.1.2.tmp '

exit $((failures > 0))
