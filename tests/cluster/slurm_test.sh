#!/usr/bin/env bash
# share/slurm on a private Slurm of one node: arrays and their merge; trainings that are preempted, reach their time
# limit, are cancelled, or have several ranks. Skipped (77) without slurmctld, slurmd, slurm-client and munge.
# Usage: FILE BUILD_DIR
# shellcheck disable=SC2317  # check and wait_for call functions
# shellcheck source=tests/expect.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../expect.sh"
# shellcheck source=tests/cluster/private_slurm.sh
. "$root/tests/cluster/private_slurm.sh"
slurm_start
PATH=$build:$PATH
array=$root/share/slurm/array.sbatch merge=$root/share/slurm/merge.sbatch
export FOVEA_THREADS=1

# submit OPTIONS... TEMPLATE ARGUMENTS...: the job's number in $job
submit() {
  expect 0 sbatch --parsable --cpus-per-task=1 "$@"
  job=$(cat out)
}
has() { grep -qF -- "$2" "$1" 2>/dev/null; }
lacks() { ! has "$1" "$2"; }

# --- data, and the answers that arrays must give
expect 0 bn-train convert --from scenes --kind shapes --count 64 -o small.h5
expect 0 bn-train train --data small.h5 --net shapes-conv-bn --batch 16 --steps 4 -o net.ckpt.h5
propose=(rcnn-propose run --images small.h5 --scale "30,60")
grids=(caption-attend features --model net.ckpt.h5 --images small.h5 --fit stretch --layer conv3)
expect 0 "${propose[@]}" -o whole-boxes.h5
expect 0 "${grids[@]}" -o whole-grids.h5

# --- arrays of two tools, from 0 and in steps, each with its merge behind it
for n in 1 3 7; do
  submit --array=0-$((n - 1)) "$array" "boxes$n.h5" "${propose[@]}" --log-file "boxes.{shard}.txt"
  submit --dependency="afterany:$job" "$merge" "boxes$n.h5" rcnn-propose
  submit --array="1-$((2 * n)):2" "$array" "grids$n.h5" "${grids[@]}"
  submit --dependency="afterany:$job" "$merge" "grids$n.h5" caption-attend
done
check "arrays end" slurm_idle 90
for n in 1 3 7; do
  check "$n tasks propose what one job does" cmp -s "boxes$n.h5" whole-boxes.h5
  check "$n tasks compute the features that one job does" cmp -s "grids$n.h5" whole-grids.h5
done
check "merged shares are gone" test -z "$(find . -name '*-of-*.h5' -o -name '*.array')"
check "{shard} names other outputs" test "$(find . -name 'boxes.*-of-*.txt' | wc -l)" = 11

# --- a share is missing: it is named; one that is half written: it is made again, others are not
SHARDS=3 submit --array=0,2 "$array" some.h5 "${propose[@]}"
submit --dependency="afterany:$job" -o merge.log "$merge" some.h5 rcnn-propose
check "an array with a gap ends" slurm_idle 30
check "the missing share is named" has merge.log '1 of 3 shards missing: 1'
check "as an expression for --array" has merge.log '--array=1'
check "and nothing is merged" test ! -e some.h5
head -c 3000 some.0-of-3.h5 >some.1-of-3.h5
submit --array=0-2 -o 'again-%a.log' "$array" some.h5 "${propose[@]}"
submit -o 'other-%a.log' --array=0-2 "$array" some.h5 "${propose[@]}" --min-side 9
submit -o 'gap-%a.log' --array=0,1,3 "$array" gap.h5 "${propose[@]}"
check "arrays end" slurm_idle 30
for i in 0 2; do check "share $i is complete" has "again-$i.log" "some.$i-of-3.h5 is complete"; done
check "share 1 is made again" has again-1.log 'some.1-of-3.h5: '
check "another command's shares are not mixed with these" has other-0.log 'some.h5.array is of another run: 3 shards'
check "an array with gaps and without SHARDS is refused" has gap-3.log 'expected a dense array, found task 3 of 3'
touch small.h5
SHARDS=3 submit --array=0 -o newer.log "$array" some.h5 "${propose[@]}"
submit --dependency="afterany:$job" "$merge" some.h5 rcnn-propose
check "they end" slurm_idle 30
check "new pictures: the share is made again" has newer.log 'some.0-of-3.h5: '
check "three shares after all" cmp -s some.h5 whole-boxes.h5

# --- trainings. The first life of a job has no end: it is stopped wherever it is. Then its end is set a little behind
# that, and a run that nobody disturbed is made for comparison.
train=(bn-train train --data small.h5 --net shapes-conv-bn --batch 16 --checkpoint-every 5it)
begin() { # NAME SBATCH-OPTIONS...
  local name=$1
  shift
  printf '[train]\nsteps = 1000000\nmax-time = "200s"\n' >"$name.toml"
  submit -o "$name.log" "$@" "$root/share/slurm/train.sbatch" "${train[@]}" --config "$name.toml" -o "$name.ckpt.h5"
  check "$name: it trains" wait_for 30 test -s "$name.ckpt.h5"
}
stopped_at() { sed -n 's/.*stopped by signal '"$2"' at step \([0-9]*\) of.*/\1/p' "$1.log"; }
set_end() { # NAME SIGNAL, in the background: the job waits five seconds before it begins again
  wait_for 90 has "$1.log" 'back in the queue' || return
  printf '[train]\nsteps = %s\n' "$(($(stopped_at "$1" "$2") + 5))" >"$1.toml"
}
launch=()
finish() { # NAME JOB SIGNAL
  local at
  check "$1: put back into the queue" wait_for 60 has "$1.log" 'back in the queue, restart 1'
  at=$(stopped_at "$1" "$3")
  check "$1: signal $3 reached the tool" test -n "$at"
  expect 0 "${launch[@]}" "${train[@]}" --steps "$((at + 5))" -o "$1-straight.ckpt.h5"
  check "$1: it ends" wait_for 60 job_ended "$2"
  check "$1: it went on" has "$1.log" "continuing $1.ckpt.h5 at step $at of $((at + 5))"
  check "$1: to the weights of a run that nobody disturbed" same_content "$1.ckpt.h5" "$1-straight.ckpt.h5"
}

# One that is preempted: another wants all processors, for a moment.
begin preempted
preempted=$job
set_end preempted 15 &
submit -p high --cpus-per-task=4 -o high.log --wrap true
check "preempted: the other job runs" wait_for 40 job_ended "$job"

# One that gets near its time limit.
slurm_before_time_limits 3
begin late --time=1
late=$job
set_end late 10 &

begin cancelled
scancel "$job"
check "cancelled: it ends" wait_for 20 job_ended "$job"
check "cancelled: it saved" has cancelled.log 'cancelled.ckpt.h5 is complete'
expect 0 bn-train verify cancelled.ckpt.h5
check "cancelled: it is not put back" lacks cancelled.log 'train.sbatch'

MAX_RESTARTS=0 begin enough
scancel --signal=USR1 "$job"
check "enough: it ends" wait_for 20 job_ended "$job"
check "enough: no more restarts" has enough.log 'MAX_RESTARTS=0 is reached'

# Several ranks: each is started, each gets the signal, the job is put back once. Two processes stand for a tool; then a
# tool that was built with MPI.
cat >ranks <<'TOOL'
#!/usr/bin/env bash
trap 'exit 75' USR1
echo "life ${SLURM_RESTART_COUNT:-0} rank ${PMIX_RANK:-none}: $*" >>ranks.txt
for ((i = 0; i < 1000 && ${SLURM_RESTART_COUNT:-0} == 0; ++i)); do sleep 0.1; done
TOOL
chmod +x ranks
two_ranks() { [ "$(wc -l <ranks.txt)" = 2 ]; } 2>/dev/null
ranks=
mpi=
if srun --mpi=list 2>&1 | grep -q pmix; then
  submit --ntasks=2 -o ranks.log "$root/share/slurm/train.sbatch" ./ranks train
  ranks=$job
  check "ranks: two are started" wait_for 20 two_ranks
  scancel --signal=USR1 "$ranks"
  if [ -e "$build/libfovea-mpi.so" ]; then
    begin mpi --ntasks=2
    mpi=$job
    set_end mpi 10 &
    scancel --signal=USR1 "$mpi"
  else
    echo "not tested: data-parallel training, built without MPI"
  fi
else
  echo "not tested: several ranks, this Slurm has no pmix"
fi

finish preempted "$preempted" 15
finish late "$late" 10
if [ -n "$ranks" ]; then
  check "ranks: they end" wait_for 20 job_ended "$ranks"
  check "ranks: all were stopped, and ran again" test "$(sort ranks.txt)" = "life 0 rank 0: train --resume
life 0 rank 1: train --resume
life 1 rank 0: train --resume
life 1 rank 1: train --resume"
  check "ranks: put back once" test "$(grep -c 'back in the queue' ranks.log)" = 1
fi
if [ -n "$mpi" ]; then
  launch=(srun --mpi=pmix --ntasks=2 --cpus-per-task=1)
  finish mpi "$mpi" 10
  check "mpi: two ranks trained" grep -q '"ranks": *2' <(bn-train --info mpi.ckpt.h5)
fi

if [ "$failures" -gt 0 ]; then tail -v -n 30 ./*.log slurm/slurmctld.log; fi
exit $((failures > 0))
