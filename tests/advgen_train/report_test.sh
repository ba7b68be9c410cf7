#!/usr/bin/env bash
# advgen-train eval, compare and show on generated pictures: tables, report, figures, threads, requirements, bad input.
# Usage: FILE BUILD_DIR
# shellcheck source=tests/expect.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../expect.sh"
bn=$build/bn-train advgen=$build/advgen-train

has() { check "$1" grep -q -- "$2" "$3"; }

printf '%s\n' 'fovea-net 1' 'input name=data height=16 width=16 channels=1 mean=128 std=64' \
  'conv name=c1 out=8 kernel=3 pad=same' 'relu name=r1' 'max_pool name=p1 kernel=2 stride=2' 'dense name=fc out=4' >tiny.net
expect 0 "$bn" convert --from scenes --kind fragile --count 400 -o set.h5
for seed in 1 2; do
  for method in plain gat dropout; do
    expect 0 "$advgen" train --method $method --data set.h5 --net tiny.net --seed $seed --epochs 2 --batch 32 -o ${method}_$seed.ckpt.h5
  done
done

# --- eval
effort=(--data set.h5 --limit 40 --steps 4 --strong-steps 6 --queries 20 --draws 3)
expect 0 "$advgen" eval plain_1.ckpt.h5 gat_1.ckpt.h5 "${effort[@]}" --gap --curve 0,4/255 --step-curve 1,4 --threads 1 \
  --report r.md --draw r.svg --format tsv
cp out one.tsv
for row in clean noise fgsm pgd pgd-ce pgd-margin square generator transfer worst; do has "row of $row" "	attack	$row	" out; done
has "row of the training split" '	train	clean	' out
has "curve" '	curve	pgd	' out
has "step curve" '	step-curve	pgd	' out
check "a constant number of columns" test "$(awk -F'\t' '{ print NF }' out | sort -u | wc -l)" = 1
has "threat model in the report" 'Linf 8/255 ball' r.md
has "checks in the report" '| D10 |' r.md
has "transfer matrix in the report" '## Transfer at Linf 8/255' r.md
has "closing sentence" 'Under white-box PGD the accuracy is' r.md
has "the figure is part of the report" '(r.svg)' r.md
check "curves drawn" grep -q 'against the size' r.svg
expect 0 "$advgen" eval plain_1.ckpt.h5 gat_1.ckpt.h5 "${effort[@]}" --gap --curve 0,4/255 --step-curve 1,4 --threads 2 --format tsv
check "1 and 2 threads measure the same" cmp -s one.tsv out
expect 0 "$advgen" eval plain_1.ckpt.h5 gat_1.ckpt.h5 "${effort[@]}" --gap --curve 0,4/255 --step-curve 1,4 --batch 7 --format tsv
check "the batch size changes nothing" cmp -s one.tsv out
expect 0 "$advgen" eval plain_1.ckpt.h5 "${effort[@]}" --transfer plain_2.ckpt.h5 --what transfer --format tsv
has "a surrogate attacks" '^plain_2.ckpt.h5	plain_1.ckpt.h5' out
expect 0 "$advgen" eval plain_1.ckpt.h5 "${effort[@]}" --what checks --format tsv
check "ten checks" test "$(grep -c '	D[0-9]*	' out)" = 10
expect 0 "$advgen" eval plain_1.ckpt.h5 gat_1.ckpt.h5 "${effort[@]}" --attacks fgsm --no-checks --smallest-eps --what smallest --report s.md --draw-loss loss.svg --format tsv
check "a smallest epsilon for each of 40 images and 2 models" test "$(grep -c '	linf	4	' out)" = 80
has "its quantiles in the report" 'Smallest ball in which PGD-4 fools an image' s.md
check "eight loss surfaces" test "$(grep -o 'image [0-3], class' loss.svg | wc -l)" = 8
expect 64 "$advgen" eval plain_1.ckpt.h5 "${effort[@]}" --draw-loss loss.bmp
expect 0 "$advgen" eval plain_1.ckpt.h5 "${effort[@]}" --norm l2 --eps 1.5 --format tsv
has "L2 ball" '	l2	1.5	' out
check "square knows Linf only" test "$(grep -c 'square' out)" = 0
expect 0 "$advgen" eval plain_1.ckpt.h5 "${effort[@]}" --attacks fgsm --no-checks --format tsv
check "chosen attacks only" test "$(grep -vc '^#' out)" = 3
expect 0 "$advgen" eval plain_1.ckpt.h5 "${effort[@]}" --attacks fgsm --require 'fgsm>=0'
expect 1 "$advgen" eval plain_1.ckpt.h5 "${effort[@]}" --attacks fgsm --require 'clean>1'
expect 64 "$advgen" eval plain_1.ckpt.h5 "${effort[@]}" --require 'nonsense>1'
expect 64 "$advgen" eval plain_1.ckpt.h5 "${effort[@]}" --eps 8
has "a hint for grey levels" '8/255' err
expect 64 "$advgen" eval plain_1.ckpt.h5 "${effort[@]}" --attacks deepfool
expect 64 "$advgen" eval plain_1.ckpt.h5 "${effort[@]}" --attacks fgsm --draw none.svg
expect 65 "$advgen" eval set.h5 "${effort[@]}"
expect 66 "$advgen" eval missing.ckpt.h5 "${effort[@]}"
expect 73 "$advgen" eval plain_1.ckpt.h5 "${effort[@]}" --report nowhere/r.md
check "no output of a failed command" test ! -e none.svg

# --- a masked model warns, on stderr and in the first line of the report, and exits 0
# Each pixel goes through a sigmoid so steep that its slope is 0 in float32: a quantised input.
printf '%s\n' 'fovea-net 1' 'input name=data height=16 width=16 channels=1 mean=128.5 std=0.001' 'conv name=c0 out=2 kernel=1' \
  'sigmoid name=step' 'conv name=c1 out=8 kernel=3 pad=same' 'relu name=r1' 'max_pool name=p1 kernel=2 stride=2' 'dense name=fc out=4' >masked.net
expect 0 "$advgen" train --method plain --data set.h5 --net masked.net --epochs 2 --batch 32 -o masked.ckpt.h5
expect 0 "$advgen" eval masked.ckpt.h5 "${effort[@]}" --report masked.md --format tsv
has "a warning on stderr" 'warning: GRADIENT MASKING' err
check "a warning in the first line" grep -q 'SUSPICIOUS.*masked.ckpt.h5 (.*D8' <(head -n 1 masked.md)
has "the table says which" 'D8' out
expect 1 "$advgen" eval masked.ckpt.h5 "${effort[@]}" --require 'suspicious<=0'

# --- compare
for run in plain_1 plain_2 gat_1 gat_2 dropout_1 dropout_2; do
  "$advgen" eval $run.ckpt.h5 "${effort[@]}" --gap --format jsonl >$run.jsonl 2>err || check "eval of $run" false
done
expect 0 "$advgen" compare plain_*.jsonl gat_*.jsonl dropout_*.jsonl -o c.md --format tsv
has "gap of gat" '^gat	gap	2	' out
has "gat against plain in words" 'Generalisation gap of gat against plain' c.md
has "gat against dropout in words" 'Generalisation gap of gat against dropout' c.md
has "what is left" 'What is left under PGD' c.md
cp out forwards.tsv
expect 0 "$advgen" compare dropout_2.jsonl gat_2.jsonl plain_2.jsonl dropout_1.jsonl gat_1.jsonl plain_1.jsonl --format tsv
check "the order of the files changes nothing" cmp -s forwards.tsv out
expect 64 "$advgen" compare plain_1.jsonl --baseline mixup
expect 65 "$advgen" compare plain_1.jsonl plain_1.jsonl
expect 65 "$advgen" compare r.md
"$advgen" eval gat_1.ckpt.h5 "${effort[@]}" --limit 30 --format jsonl >other.jsonl 2>err
expect 65 "$advgen" compare plain_1.jsonl other.jsonl
has "other numbers of images are refused" 'images: expected 40' err

# --- show
expect 0 "$advgen" attack --model plain_1.ckpt.h5 --data set.h5 --attack pgd --eps 16/255 --steps 5 -o adv.h5
expect 0 "$advgen" show adv.h5 --count 4 --no-fooled -o adv.png
expect 0 "$advgen" show adv.h5 --count 4 --no-fooled -o adv.svg
has "attack and factor are printed" 'pgd, Linf 16/255; original, perturbation x' adv.svg
expect 0 "$advgen" generate --model plain_1.ckpt.h5 --data set.h5 --gen-net g48 --eps 8/255 --steps 2 --batch 8 -o u.ckpt.h5
expect 0 "$advgen" show u.ckpt.h5 --what perturbation -o u.svg
has "norms are printed" 'Linf 0.0' u.svg
expect 65 "$advgen" show plain_1.ckpt.h5 --what perturbation -o none.svg
expect 0 "$advgen" show plain_1.jsonl gat_1.jsonl --what curves -o curves.svg
expect 65 "$advgen" show set.h5 -o none.png
expect 64 "$advgen" show adv.h5 -o none.txt
check "no output of a failed command" test ! -e none.png

if [ "$failures" -gt 0 ]; then
  printf '%s failure(s)\n' "$failures"
  exit 1
fi
