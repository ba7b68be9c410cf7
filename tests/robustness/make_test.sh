#!/usr/bin/env bash
# The six tools as recipe lines under `make -j`: interrupted at random moments, by signals to make alone and to all of
# its group, kill -9 among them. No half target is left, a last make finishes, and every file has the content that it
# has when nobody disturbs. Training goes by share/fovea.mk, as in share/experiments. Usage: FILE BUILD_DIR
# shellcheck source=tests/expect.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../expect.sh"
PATH=$build:$PATH
# shellcheck source=share/experiments/robustness/common.sh
. "$root/share/experiments/robustness/common.sh"

goals=(folded.ckpt.h5 whole.h5 boxes.tsv found.json tuned.ckpt.h5 said.html gat.ckpt.h5 adv.png poses.csv maps.h5)
mkdir calm storm
(cd calm && make_files "${goals[@]}") || check "undisturbed" false

# The list as a Makefile. .DELETE_ON_ERROR is not there: nothing needs it.
{
  printf 'include %s/share/fovea.mk\nall: %s\n' "$root" "${goals[*]}"
  for i in "${!lines[@]}"; do
    [[ -n ${targets[i]} ]] || continue
    first=${targets[i]%% *}
    # A side output comes with the first one.
    for file in ${targets[i]#"$first"}; do printf '%s: %s\n' "$file" "$first"; done
    line=${lines[i]}
    # shellcheck disable=SC2016
    if [[ $first == *.ckpt.h5 && $line == *--checkpoint-every* ]]; then line=${line%" -o $first"}' --resume $(save)'; fi
    printf '%s: %s\n\t%s\n' "$first" "$(inputs_of "$i" | sort -u | paste -sd ' ')" "$line"
  done
} >Makefile
check "trainings resume" grep -q 'resume .(save)' Makefile

# whole: every file there is as in calm/, but temporary ones; trainings under way are whole checkpoints.
# shellcheck disable=SC2317
whole() {
  local file name
  for file in storm/*; do
    [[ -e $file ]] || continue
    name=${file#storm/}
    case $name in
      *.part.*) bn-train verify "$file" >/dev/null 2>&1 ;;
      *) cmp -s "$file" "calm/$name" || [[ $(content_of "$file") == "$(content_of "calm/$name")" ]] ;;
    esac || { printf '%s is not whole\n' "$file"; return 1; }
  done
}

RANDOM=4
stopped=0
for round in 1 2 3 4 5 6 7 8 9 10; do
  setsid env --default-signal=INT,QUIT make -j 3 -C storm -f ../Makefile all >out 2>err &
  pid=$!
  random 500
  pause $((150 + chosen))
  signal=$(printf '%s\n' INT TERM KILL INT TERM | sed -n "$((round % 5 + 1))p")
  # As from a terminal, to all of them; or as from a batch system, to make.
  if ((round % 2)); then kill -s "$signal" -- -$pid 2>/dev/null; else kill -s "$signal" $pid 2>/dev/null; fi
  { wait $pid; } 2>/dev/null
  code=$?
  # What a killed make had begun goes on: nothing may be judged while it runs.
  kill -KILL -- -$pid 2>/dev/null
  while kill -0 -- -$pid 2>/dev/null; do sleep 0.05; done
  ((code == 0)) && break
  stopped=$((stopped + 1))
  check "round $round: SIG$signal" whole
done
check "some were stopped ($stopped)" test $stopped -gt 2
expect 0 make -j 3 -C storm -f ../Makefile all
check "in the end" whole
for file in "${goals[@]}"; do check "$file is made" test -e "storm/$file"; done
expect 0 make -q -C storm -f ../Makefile all

exit $((failures > 0))
