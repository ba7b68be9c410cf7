#!/usr/bin/env bash
# Training by several processes under mpirun: the same result every time and after an interruption, one writer, and what
# one process computes where nothing depends on their number. Usage: FILE BUILD_DIR
# shellcheck source=tests/expect.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../expect.sh"
command -v mpirun >/dev/null || { echo "skipped: no mpirun (Debian: openmpi-bin)"; exit 77; }
test -e "$build/libfovea-mpi.so" || { echo "skipped: built without MPI"; exit 77; }
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
launch=(mpirun --oversubscribe --bind-to none -n)
# shellcheck disable=SC2317  # expect calls it
ranks() { "${launch[@]}" "$@"; }
bn=$build/bn-train detect=$build/rcnn-detect
expect 0 "$bn" convert --from scenes --kind shapes --count 96 -o small.h5
train=("$bn" train --data small.h5 --net shapes-conv-bn --batch 15 --steps 6 --threads 1 --checkpoint-every 1it)

# --- one rank is the serial run; two and three are repeatable, and one of them writes
expect 0 "${train[@]}" --metrics serial.jsonl -o serial.ckpt.h5
expect 0 ranks 1 "${train[@]}" -o one.ckpt.h5
check "one rank gives the bytes of no launcher" same_content serial.ckpt.h5 one.ckpt.h5
for n in 2 3; do
  expect 0 ranks "$n" "${train[@]}" --metrics "$n.jsonl" -o "$n.ckpt.h5"
  check "$n ranks: one table on stdout" test "$(grep -c ckpt.h5 out)" = 1
  check "$n ranks: one report in the log" test "$(wc -l <"$n.jsonl")" = "$(wc -l <serial.jsonl)"
  expect 0 "$bn" verify "$n.ckpt.h5"
  expect 0 ranks "$n" "${train[@]}" --metrics again.jsonl -o again.ckpt.h5
  check "$n ranks: the same bytes again" same_content "$n.ckpt.h5" again.ckpt.h5
  check "$n ranks: the same reports again" cmp -s "$n.jsonl" again.jsonl
done
check "the number of ranks matters" test "$(hash_of 2.ckpt.h5)" != "$(hash_of 3.ckpt.h5)"
check "it is recorded" grep -q '"ranks": *2' <("$bn" --info 2.ckpt.h5)
expect 0 ranks 2 "$bn" train --data small.h5 --net shapes-conv-bn --batch 15 --steps 1 -v -o threads.ckpt.h5
alone=$("$bn" train --data small.h5 --net shapes-conv-bn --batch 15 --steps 1 -v -o threads.ckpt.h5 2>&1 >/dev/null |
  sed -n 's/.*threads: \([0-9]*\).*/\1/p')
check "ranks on one machine share its processors" grep -q "\[1\]: debug: threads: $((alone > 1 ? alone / 2 : 1))," err
# Statistics of the whole batch: nothing but rounding is left. Those of a rank's share are others.
expect 0 "${train[@]}" --steps 2 --metrics serial2.jsonl -o serial2.ckpt.h5
expect 0 ranks 3 "${train[@]}" --steps 2 --sync-statistics --metrics sync.jsonl -o sync.ckpt.h5
expect 0 ranks 3 "${train[@]}" --steps 2 --metrics apart.jsonl -o apart.ckpt.h5
loss=$(logged serial2.jsonl loss)
check "statistics of the whole batch: the loss of one process ($loss, $(logged sync.jsonl loss))" \
  near "$loss" "$(logged sync.jsonl loss)" 1e-5
differs=no
near "$loss" "$(logged apart.jsonl loss)" 1e-4 || differs=yes
check "statistics of a share: not $loss but $(logged apart.jsonl loss)" test $differs = yes

# --- a signal stops all ranks at one step; the continued run ends as the undisturbed one
"${launch[@]}" 2 "${train[@]}" --steps 400 --resume -o stopped.ckpt.h5 >out 2>err &
launcher=$!
for _ in $(seq 100); do test -e stopped.ckpt.h5 && break; sleep 0.1; done
kill -USR1 "$launcher"
wait "$launcher"
rc=$?
check "a signal gives 75 ($rc)" test "$rc" = 75
steps=$(sed -n 's/.*at step \([0-9]*\) of 400.*/\1/p' err)
check "stopped between the first and the last step (${steps:-none})" test "${steps:-0}" -gt 0 -a "${steps:-400}" -lt 400
expect 0 ranks 2 "${train[@]}" --steps "$((steps + 3))" --resume -o stopped.ckpt.h5
expect 0 ranks 2 "${train[@]}" --steps "$((steps + 3))" -o whole.ckpt.h5
check "continued as if nothing had been" same_content stopped.ckpt.h5 whole.ckpt.h5

# --- what goes wrong, with the code of the tool
expect 66 ranks 2 "${train[@]}" --data none.h5 -o x.ckpt.h5
check "said by the first rank" grep -q "bn-train\[0\]: error: none.h5" err
expect 64 ranks 3 "${train[@]}" --batch 2 -o x.ckpt.h5
check "a batch smaller than the job" grep -q -- "--batch: expected at least one item for each of 3 ranks" err
expect 65 ranks 3 "${train[@]}" --resume -o 2.ckpt.h5
check "another number of ranks" grep -q "ranks (was 2, now 3)" err
mkdir apart
cp "$programs/bn-train" apart/
expect 69 ranks 2 apart/bn-train "${train[@]:1}" -o x.ckpt.h5
check "a tool without the shared object beside it" grep -q "MPI is not there" err
check "nothing is left behind" test ! -e x.ckpt.h5

# --- the other trainings
expect 0 "$bn" convert --from scenes --kind shapes --count 16 --side 96 --max-objects 3 --test-fraction 0.3 -o scenes.h5
expect 0 "$build/rcnn-propose" run --images scenes.h5 --min-side 8 --scale 30,60 -o boxes.h5
expect 0 "$build/pose-estimate" convert --from stick-figures --height 64 --width 96 --count 12 --pictures people-pictures.h5 \
  -o people.h5
expect 0 "$build/caption-attend" convert --from scenes --count 168 --side 32 --test-fraction 0.2 --val-fraction 0.25 -o captions.h5
expect 0 "$build/caption-attend" features --model serial.ckpt.h5 --fit stretch --images captions.h5 -o grids.h5
again() {  # NAME COMMAND...: two ranks, twice; one rank
  local name=$1
  shift
  expect 0 ranks 2 "$@" --threads 1 -o "$name.ckpt.h5"
  expect 0 ranks 2 "$@" --threads 1 -o "$name-again.ckpt.h5"
  check "$name: the same bytes again" same_content "$name.ckpt.h5" "$name-again.ckpt.h5"
  expect 0 ranks 1 "$@" --threads 1 -o "$name-one.ckpt.h5"
  expect 0 "$@" --threads 1 -o "$name-serial.ckpt.h5"
  check "$name: one rank is the serial run" same_content "$name-one.ckpt.h5" "$name-serial.ckpt.h5"
  check "$name: two are not" test "$(hash_of "$name.ckpt.h5")" != "$(hash_of "$name-serial.ckpt.h5")"
}
again game "$build/advgen-train" train --data small.h5 --net shapes-conv-bn --method gat --batch 12 --steps 3
again pose "$build/pose-estimate" train --data people.h5 --images people-pictures.h5 --input 64x96 --width 0.04 --batch 4 --steps 3
again tune "$detect" finetune --model serial.ckpt.h5 --images scenes.h5 --proposals boxes.h5 --padding 4 --positives 4 \
  --backgrounds 8 --steps 3
for mode in soft hard; do
  again "$mode" "$build/caption-attend" train --features grids.h5 --data captions.h5 --preset tiny --hidden 24 --embedding 16 \
    --units 12 --batch 8 --attention "$mode" --steps 4
done

# --- SVMs are trained by one process
expect 0 "$detect" features --model serial.ckpt.h5 --images scenes.h5 --proposals boxes.h5 --top 20 --padding 4 --truth -o features.h5
expect 64 ranks 2 "$detect" train --features features.h5 --images scenes.h5 --model serial.ckpt.h5 -o x.ckpt.h5
check "and the tool says so" grep -q "runs in one process" err

exit $((failures > 0))
