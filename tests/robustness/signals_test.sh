#!/usr/bin/env bash
# Signals. In training SIGTERM, SIGUSR1 and SIGXCPU end with a whole checkpoint and 75, SIGINT with one and by itself;
# other commands die of them and leave nothing. A closed pipe is SIGPIPE. A signal in the middle of a computation
# changes nothing in it. Usage: FILE BUILD_DIR
# shellcheck source=tests/expect.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../expect.sh"
PATH=$build:$PATH
# shellcheck source=share/experiments/robustness/common.sh
. "$root/share/experiments/robustness/common.sh"
check "files to work on" make_files small.h5 set.h5 net.ckpt.h5 boxes.h5 detector.ckpt.h5 grid.h5 gat.ckpt.h5 people.h5

# start COMMAND...: in the background, as `pid`. A shell without job control has SIGINT ignored there.
start() {
  env --default-signal=INT,QUIT "$@" >out 2>err </dev/null &
  pid=$!
}
# appears FILE: waits for it, as long as the command runs.
# shellcheck disable=SC2317
appears() {
  while [[ ! -e $1 ]]; do
    kill -0 "$pid" 2>/dev/null || return 1
    sleep 0.02
  done
}
ends() { # CODE WHAT
  local code=0
  { wait $pid; } 2>/dev/null || code=$?
  check "$2: expected exit $1, got $code" test "$code" -eq "$1"
  [[ $code == "$1" ]] || tail -n 3 err | sed 's/^/    /'
}
# shellcheck disable=SC2317
whole() { bn-train verify "$1" >/dev/null 2>&1; }
clean() { check "$1: no temporary file" test -z "$(find . -name '*.tmp')"; }

# --- training: the first checkpoint shows that it has begun
trainings=(
  "bn-train train --data small.h5 --net shapes-conv-bn --batch 16 --steps 100000"
  "rcnn-detect finetune --model net.ckpt.h5 --images set.h5 --proposals boxes.h5 --padding 4 --steps 100000"
  "rcnn-detect train --features features.h5 --images set.h5 --model net.ckpt.h5 --passes 1000"
  "caption-attend train --features grid.h5 --data scenes.h5 --preset tiny --hidden 24 --batch 8 --steps 100000"
  "advgen-train train --method gat --data fragile.h5 --net fragile-conv --gen-net g16 --batch 16 --steps 100000"
  "advgen-train generate --model gat.ckpt.h5 --data fragile.h5 --gen-net g16 --batch 16 --steps 100000"
  "pose-estimate train --data people.h5 --images people.set.h5 --input 64x64 --width 0.03 --batch 2 --steps 100000"
)
turn=0
for training in "${trainings[@]}"; do
  # Two of the four for each: all of them for all would take long, and the loop is the same.
  signals=(TERM INT USR1 XCPU)
  for signal in "${signals[turn % 4]}" "${signals[(turn + 1) % 4]}"; do
    rm -f run.*
    read -ra words <<<"$training"
    start "${words[@]}" --checkpoint-every 1it -o run.ckpt.h5
    check "it begins: $training" appears run.ckpt.h5
    kill -s "$signal" $pid
    code=75
    [[ $signal != INT ]] || code=130
    ends $code "SIG$signal: $training"
    check "SIG$signal: says so: $training" \
      grep -qE 'info: stopped by signal [0-9]+ at step [0-9]+ of [0-9]+; run.ckpt.h5 is complete' err
    check "SIG$signal: no error: $training" bash -c '! grep -q error: err'
    check "SIG$signal: a whole checkpoint: $training" whole run.ckpt.h5
    clean "SIG$signal: $training"
  done
  expect 75 "${words[@]}" --max-time 0.001 --resume -o run.ckpt.h5
  check "--max-time stops it again, from there: $training" grep -q 'continuing run.ckpt.h5 at step [1-9]' err
  turn=$((turn + 1))
done

# --- everything else: dies of the signal, and what was there stays
expect 0 bn-train convert --from scenes --kind shapes --side 96 --count 400 -o many.h5
commands=(
  "bn-train convert --from scenes --kind shapes --side 96 --count 20000 -o target"
  "rcnn-propose run --images many.h5 -o target"
  "rcnn-detect detect --model detector.ckpt.h5 --images many.h5 --min-side 8 -o target"
  "caption-attend convert --from scenes --side 96 --count 20000 -o target"
  "advgen-train attack --model gat.ckpt.h5 --data fragile.h5 --attack pgd --steps 100000 -o target"
  "pose-estimate convert --from stick-figures --count 2000 --pictures target -o people2.h5"
)
turn=0
for command in "${commands[@]}"; do
  signals=(TERM INT HUP)
  signal=${signals[turn % 3]}
  echo old >target
  read -ra words <<<"$command"
  start "${words[@]}"
  sleep 0.4
  kill -s "$signal" $pid
  ends $((128 + $(kill -l "$signal"))) "SIG$signal: $command"
  check "SIG$signal: the old file: $command" test "$(cat target)" = old
  clean "SIG$signal: $command"
  turn=$((turn + 1))
done

# --- a reader that has gone away
make_files found.h5 said.h5 poses.h5
for printer in "bn-train eval net.ckpt.h5 --data small.h5" "rcnn-propose eval boxes.h5 --truth set.h5" \
  "rcnn-detect eval found.h5 --truth set.h5" "caption-attend eval said.h5 --data scenes.h5 --split test" \
  "advgen-train attack --model gat.ckpt.h5 --data fragile.h5 --attack fgsm -o none.h5" \
  "pose-estimate eval --truth people.h5 --pred poses.h5" "bn-train convert --from scenes --count 40 -o -"; do
  read -ra words <<<"$printer"
  "${words[@]}" 2>err | true
  code=${PIPESTATUS[0]}
  check "SIGPIPE: expected exit 141, got $code: $printer" test "$code" -eq 141
  check "SIGPIPE: not a word: $printer" test ! -s <(grep -v ': info: ' err)
done
clean "SIGPIPE"

# --- thousands of signals while it computes: the same result. oneDNN's kernels put the stack pointer into heap memory,
# so
# that a handler without a stack of its own would write over it.
storm() { # COMMAND... -o FILE: SIGUSR2, which asks for a progress line, all the time
  local sent=0
  rm -f "${@: -1}"
  start "$@"
  # Before it has begun to train, SIGUSR2 may still be what it is by default: the end.
  check "it begins: $*" appears "${@: -1}"
  while ((sent < 20000)) && kill -USR2 $pid 2>/dev/null; do sent=$((sent + 1)); done
  ends 0 "$sent signals: $*"
  check "signals were sent" test $sent -gt 100
}
expect 0 bn-train convert --from scenes --kind digits --count 200 -o digits.h5
for threads in 1 2; do
  for training in "bn-train train --data digits.h5 --net mnist-mlp-bn --batch 20 --steps 1500 --checkpoint-every 50it" \
    "advgen-train train --method pgd --attack-steps 2 --data fragile.h5 --net fragile-conv --batch 16 --steps 150 --checkpoint-every 5it"; do
    read -ra words <<<"$training"
    expect 0 "${words[@]}" --threads $threads -o calm.ckpt.h5
    storm "${words[@]}" --threads $threads -o storm.ckpt.h5
    check "$threads thread(s): a storm of signals changes nothing: $training" same_content calm.ckpt.h5 storm.ckpt.h5
  done
done

exit $((failures > 0))
