#!/usr/bin/env bash
# advgen-train's train, generate and attack on generated scenes: methods, resume, shards, exit codes. Usage: FILE BUILD_DIR
# shellcheck source=tests/expect.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../expect.sh"
tool=$build/advgen-train
bn=$build/bn-train

cat > small.net <<'NET'
fovea-net 1
input name=data height=16 width=16 channels=1 std=255
conv name=conv1 out=8 kernel=3 pad=same
relu name=relu1
max_pool name=pool1 kernel=4 stride=4
dense name=fc out=4
NET
cat > draw.net <<'NET'
fovea-net 1
input name=data height=16 width=16 channels=1
conv name=conv1 out=8 kernel=3 pad=same
relu name=relu1
conv name=conv2 out=1 kernel=1 init=he:0.01
NET
expect 0 "$bn" convert --from scenes --kind fragile --count 400 -o set.h5
common=(--data set.h5 --net small.net --batch 32 --steps 9 --eval-every 3 --eval-images 20 --gen-net draw.net --learning-rate 0.01)

# --- every method trains, and says what it defends against
for method in plain dropout noise fgsm fgm-l2 fast pgd gat gat-bound l2l; do
  extra=()
  [[ $method == pgd ]] && extra=(--attack-steps 2)
  expect 0 "$tool" train --method "$method" "${extra[@]}" "${common[@]}" -o "$method.ckpt.h5"
  expect 0 "$bn" eval "$method.ckpt.h5" --data set.h5
done
expect 0 "$tool" verify ./*.ckpt.h5

# --- exact resume of both networks and both optimisers, at any number of threads
for method in gat pgd; do
  extra=()
  [[ $method == pgd ]] && extra=(--attack-steps 2)
  expect 0 "$tool" train --method $method "${extra[@]}" "${common[@]}" --threads 1 --metrics one.jsonl -o one.ckpt.h5
  check "$method: 1 and 2 threads give the same file" cmp -s one.ckpt.h5 $method.ckpt.h5
  rm -f two.ckpt.h5 two.jsonl
  expect 75 "$tool" train --method $method "${extra[@]}" "${common[@]}" --max-time 0.001 --metrics two.jsonl -o two.ckpt.h5
  expect 0 "$tool" train --method $method "${extra[@]}" "${common[@]}" --resume --metrics two.jsonl -o two.ckpt.h5
  check "$method: resumed equals undisturbed" test "$(hash_of one.ckpt.h5)" = "$(hash_of two.ckpt.h5)"
  check "$method: and so do the metrics" cmp -s one.jsonl two.jsonl
  rm -f one.jsonl
done
expect 65 "$tool" train --method gat "${common[@]}" --gen-cost 0.5 --resume -o gat.ckpt.h5
check "differing key is named" grep -q 'gen-cost' err
expect 0 "$tool" train --method gat "${common[@]}" --alternate epoch --gen-steps 2 -o turns.ckpt.h5
expect 0 "$tool" train --method gat "${common[@]}" --f-every 3 --gen-objective margin --gen-input image --grad-label predicted -o slow.ckpt.h5
norm_of() { tail -n 1 "$1" | grep -o '"delta_l2":[0-9.e-]*' | cut -d: -f2; }
expect 0 "$tool" train --method gat "${common[@]}" --gen-learning-rate 0.01 --metrics strong.jsonl -o strong.ckpt.h5
expect 0 "$tool" train --method noise "${common[@]}" --match-norm strong.ckpt.h5 --metrics noise.jsonl -o matched.ckpt.h5
check "noise is as large as the generator's perturbation, less what clipping takes" \
  awk -v a="$(norm_of strong.jsonl)" -v b="$(norm_of noise.jsonl)" 'BEGIN { exit !(a > 0 && b > 0.7 * a && b <= 1.001 * a) }'
expect 65 "$tool" train --method noise "${common[@]}" --match-norm plain.ckpt.h5 -o none.h5
expect 3 "$tool" train --method fgsm "${common[@]}" --optimizer sgd --learning-rate 1e6 -o diverged.ckpt.h5
check "a diverged run wrote no checkpoint" test ! -e diverged.ckpt.h5
expect 0 "$tool" train --method pgd "${common[@]}" --dry-run -o dry.ckpt.h5
check "a dry run writes nothing" test ! -e dry.ckpt.h5
expect 0 "$tool" train --method fast --init plain.ckpt.h5 --data set.h5 --batch 32 --steps 2 -o hard.ckpt.h5

# --- attacks: shards, threads and batches are the same; the result is data for other tools
attack=(attack --model plain.ckpt.h5 --data set.h5 --eps 8/255)
for how in "pgd --steps 3 --restarts 2 --early-stop" "square --steps 8" "noise --restarts 2" fgsm fgm-l2 bim "pgd-l2 --eps 0.5 --loss dlr"; do
  # shellcheck disable=SC2086
  expect 0 "$tool" "${attack[@]}" --attack $how -o whole.h5
  # shellcheck disable=SC2086
  expect 0 "$tool" "${attack[@]}" --attack $how --threads 1 --batch 7 -o other.h5
  check "$how: threads and batches do not matter" cmp -s whole.h5 other.h5
  # shellcheck disable=SC2086
  for i in 0 1 2; do expect 0 "$tool" "${attack[@]}" --attack $how --shard $i/3 -o "part$i.h5"; done
  expect 0 "$tool" merge part1.h5 part2.h5 part0.h5 -o merged.h5
  check "$how: merged shards equal the whole" cmp -s merged.h5 whole.h5
  expect 0 "$tool" verify whole.h5
done
expect 0 "$tool" "${attack[@]}" --attack pgd -o adv.h5
accuracy=$(field accuracy_after)
check "the attack hurts" awk "BEGIN {exit !($accuracy < $(field accuracy_before))}"
expect 0 "$bn" eval plain.ckpt.h5 --data adv.h5
check "bn-train finds the same accuracy" awk "BEGIN {d = $(field accuracy) - $accuracy; exit !(d < 1e-9 && d > -1e-9)}"
expect 0 "$tool" "${attack[@]}" --attack pgd --quantise -o rounded.h5
expect 0 "$tool" "${attack[@]}" --attack pgd --target least-likely -o least.h5
expect 0 "$tool" "${attack[@]}" --attack pgd --target 2 --eps 0.5 -o two.h5
check "a large radius reaches the target" awk "BEGIN {exit !($(field target_reached) > 0.9)}"
expect 0 "$tool" "${attack[@]}" --attack generator --generator gat.ckpt.h5 -o drawn.h5

# --- generators against a classifier that stays: nine of ten predictions change within 0.3
cat > drawer.net <<'NET'
fovea-net 1
input name=data height=16 width=16 channels=1
conv name=conv1 out=16 kernel=5 pad=same
relu name=relu1
conv name=conv2 out=16 kernel=3 pad=same
relu name=relu2
conv name=conv3 out=1 kernel=1 init=he:0.01
NET
expect 0 "$tool" train --method plain --data set.h5 --net small.net --batch 32 --steps 150 --learning-rate 0.1 -o taught.ckpt.h5
gen=(generate --model taught.ckpt.h5 --data set.h5 --gen-net drawer.net --eval-every 100 --eps 0.3 --learning-rate 0.005)
expect 0 "$tool" "${gen[@]}" --steps 300 --kind image -o image.ckpt.h5
check "image-dependent: fooling ratio >= 0.9" awk "BEGIN {exit !($(field fooling_ratio) >= 0.9)}"
expect 0 "$tool" "${gen[@]}" --steps 300 --kind image --target 1 --norm l2 --eps 3 -o aimed.ckpt.h5
check "aimed: the target is reached" awk "BEGIN {exit !($(field target_reached) >= 0.9)}"
expect 0 "$tool" "${gen[@]}" --steps 40 --threads 1 -o universal.ckpt.h5
expect 75 "$tool" "${gen[@]}" --steps 40 --max-time 0.001 -o again.ckpt.h5
expect 0 "$tool" "${gen[@]}" --steps 40 --resume -o again.ckpt.h5
check "universal: resumed equals undisturbed" test "$(hash_of universal.ckpt.h5)" = "$(hash_of again.ckpt.h5)"
expect 0 "$tool" "${attack[@]}" --attack generator --generator universal.ckpt.h5 -o universal.h5
expect 0 "$tool" "${attack[@]}" --model pgd.ckpt.h5 --attack generator --generator image.ckpt.h5 -o image.h5

# --- bad input
expect 64 "$tool" "${attack[@]}" --eps 8 -o none.h5
check "grey levels are recognised" grep -q 'did you mean 8/255' err
expect 64 "$tool" "${attack[@]}" --attack pdg -o none.h5
expect 64 "$tool" "${attack[@]}" --attack generator -o none.h5
expect 65 "$tool" "${attack[@]}" --attack generator --generator plain.ckpt.h5 -o none.h5
expect 64 "$tool" "${attack[@]}" --target cat -o none.h5
expect 64 "$tool" train --method plain "${common[@]}" --alpha 0.5 -o none.h5
expect 64 "$tool" train --method pgd "${common[@]}" --holdout 310 -o none.h5
expect 64 "$tool" train --method gat "${common[@]}" --bound linf -o none.h5
expect 66 "$tool" train --method gat --data missing.h5 --net small.net -o none.h5
expect 65 "$tool" train --method gat "${common[@]}" --gen-net small.net -o none.h5
expect 65 "$tool" attack --model adv.h5 --data set.h5 -o none.h5
expect 0 "$bn" convert --from scenes --kind digits --count 40 -o digits.h5
expect 65 "$tool" attack --model plain.ckpt.h5 --data digits.h5 -o none.h5
head -c 3000 gat.ckpt.h5 > cut.ckpt.h5
expect 65 "$tool" attack --model cut.ckpt.h5 --data set.h5 -o none.h5
expect 73 "$tool" "${attack[@]}" -o nowhere/none.h5
check "nothing was written" test ! -e none.h5

[ "$failures" -eq 0 ] || { printf '%s check(s) failed\n' "$failures"; exit 1; }
echo "all checks passed"
