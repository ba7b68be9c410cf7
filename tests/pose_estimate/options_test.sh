#!/usr/bin/env bash
# What each option of pose-estimate does: that it reaches the work, and is not taken and forgotten.
# Usage: FILE BUILD_DIR
# shellcheck source=tests/expect.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../expect.sh"
# shellcheck source=tests/mat5.sh
. "$root/tests/mat5.sh"
tool=$build/pose-estimate detect=$build/rcnn-detect

# --- convert
draw=("$tool" convert --from stick-figures --height 64 --width 80 --count 20)
expect 0 "${draw[@]}" --min-beside 1 --max-beside 1 --pictures set.h5 -o people.h5
csv() { "$tool" convert --to csv "$1" -o -; }
splits() { csv "$1" | sed 1d | cut -d, -f3 | sort | uniq -c | awk '{ printf "%s %s;", $2, $1 }'; }
check "one beside each" test "$(splits people.h5)" = 'beside 20;test 4;train 16;'
expect 0 "${draw[@]}" --min-beside 1 --max-beside 1 --test-fraction 0.5 --pictures half.h5 -o half-people.h5
check "convert --test-fraction 0.5" test "$(splits half-people.h5)" = 'beside 20;test 10;train 10;'
expect 0 "${draw[@]}" --min-beside 2 --max-beside 3 --pictures more.h5 -o more-people.h5
# Not always is there room for them.
check "convert --min-beside and --max-beside: more people" test "$(csv more-people.h5 | sed 1d | grep -c .)" -gt 45
expect 0 "${draw[@]}" --min-beside 1 --max-beside 1 --noise 0 --pictures quiet.h5 -o quiet-people.h5
check "convert --noise is of the pictures" other_content quiet.h5 set.h5
csv people.h5 >people.csv
expect 0 "$tool" convert --from csv people.csv --split mine -o mine.h5
check "convert --split: all of them" test "$(splits mine.h5)" = 'mine 40;'
sed 1d people.csv | cut -d, -f1 | sort -u | head -n 3 >test.txt
expect 0 "$tool" convert --from csv people.csv --split mine --test-list test.txt -o mine.h5
check "convert --test-list: the people of three pictures" test "$(splits mine.h5)" = 'mine 34;test 6;'
expect 0 "$tool" convert --from csv --observer-centric people.csv -o observer.h5
check "convert --observer-centric: on record" test "$("$tool" --info observer.h5 | grep -c observer)" -gt \
  "$("$tool" --info people.h5 | grep -c observer)"
# LSP: one person of 14 joints, each x, y and a flag. FLIC: one seen from behind, the left arm's three joints left of
# those of the right.
# shellcheck disable=SC2046
mat_numbers joints 3 14 $(for i in $(seq 14); do echo "$i" $((2 * i)) 0; done) | mat_file >lsp.mat
echo somebody.jpg >names.txt
expect 0 "$tool" convert --from lsp lsp.mat -o lsp.h5
check "without --list the pictures are numbered" test "$(csv lsp.h5 | sed 1d | cut -d, -f1)" = im0001.jpg
expect 0 "$tool" convert --from lsp lsp.mat --list names.txt -o lsp.h5
check "convert --list names them" test "$(csv lsp.h5 | sed 1d | cut -d, -f1)" = somebody.jpg
{
  mat_fields coords filepath
  # shellcheck disable=SC2046
  mat_numbers '' 2 29 $(for i in $(seq 29); do echo $((10 * (i % 8) + 1)) "$i"; done)
  mat_text back.jpg
} | mat_array 2 examples 1 1 | mat_file >flic.mat
expect 0 "$tool" convert --from flic flic.mat -o flic.h5
check "a back view is turned" grep -q '1 back views' err
expect 0 "$tool" convert --from flic flic.mat --person-centric -o person.h5
check "convert --person-centric leaves it" other_content person.h5 flic.h5
check "convert --person-centric: nothing is turned" not grep -q "back views" err

# --- train: the detector
train=("$tool" train --data people.h5 --images set.h5 --batch 2 --steps 2)
small=(--input 32x32 --width 0.03)
expect 0 "${train[@]}" "${small[@]}" --metrics plain.jsonl -o net.ckpt.h5
check "train --metrics: a report" test -n "$(logged plain.jsonl loss 2)"
for options in '--split test' '--split=' '--input 32x48' '--crop joints' '--crop joints --margin 2' '--banks 1' \
  '--width 0.05' '--merge sum-relu' '--coarse interleave' '--head 9x9' '--lcn-floor constant' '--dropout 0' \
  '--dropout-kind element' --batch-norm '--torso detector' '--torso both' '--sigma 3' '--batch 3' '--steps 3' \
  '--loss ce' '--fg-weight 3' '--optimizer adam' '--optimizer sgd' '--optimizer rmsprop' '--learning-rate 0.01' \
  '--schedule constant' '--momentum 0' '--weight-decay 0.1' '--clip-norm 0.001' '--rotation 0' '--scale-low 1' \
  '--scale-high 1' '--flip 0' '--flip 1' '--shift 0.2' '--contrast 0.5'; do
  # shellcheck disable=SC2086
  expect 0 "${train[@]}" "${small[@]}" $options -o changed.ckpt.h5
  check "train $options learns something else" other_content changed.ckpt.h5 net.ckpt.h5
done
plan() { expect 0 "${train[@]}" "$@" --dry-run -o none.h5; } # its plan is in out
plan "${small[@]}" --banks 3
check "train --banks 3: a third resolution" test "$(grep -c . out)" -gt \
  "$(plan "${small[@]}" --banks 2 && grep -c . out)"
plan "${small[@]}"
parameters() { sed -n 's/^total  *\([0-9]*\).*/\1/p' out; }
narrow=$(parameters)
plan "${small[@]}" --width 0.06
check "train --width: more parameters" test "$(parameters)" -gt "$narrow"
plan "${small[@]}" --head 9x9
check "train --head: more parameters" test "$(parameters)" -gt "$narrow"
plan "${small[@]}" --input 96x64
check "train --input" grep -q 'summed over 24x16 cells' out
expect 0 "${train[@]}" "${small[@]}" --learning-rate 0.01 --schedule steps:0.1@1 --report-every 1 --metrics rate.jsonl \
  -o changed.ckpt.h5
check "train --schedule and --learning-rate" near "$(logged rate.jsonl learning_rate 1)" 0.001
# The first loss is that of untrained weights: it depends on the targets, the pictures and the loss alone.
first() { # OPTION...: the loss of the first update
  rm -f first.jsonl
  expect 0 "${train[@]}" "${small[@]}" --dropout 0 --rotation 0 --scale-low 1 --scale-high 1 --flip 0 "$@" \
    --report-every 1 --metrics first.jsonl -o first.ckpt.h5
  logged first.jsonl loss 1
}
still=$(first)
check "train --momentum has no part in the first loss" test "$(first --momentum 0)" = "$still"
check "train --sigma: wider targets, more error" less "$still" "$(first --sigma 3)"
check "train --fg-weight: more error" less "$still" "$(first --fg-weight 3)"
for options in '--shift 0.2' '--flip 1' '--rotation 90' '--scale-high 2' '--contrast 0.5'; do
  # shellcheck disable=SC2086
  check "train $options changes the first pictures" test "$(first $options)" != "$still"
done

# --- train: the spatial model and both
expect 0 "${train[@]}" --stage spatial --init net.ckpt.h5 -o spatial.ckpt.h5
for options in '--spatial-radius 3' '--edges no-self' '--mirror-tie' '--beta 2' '--eps 0.01' '--background 0.2' \
  '--own-background 0.2' '--torso-background 0.2' '--spatial-calibrate targets' '--conv direct' '--spatial-lr-mult 1' \
  '--spatial-loss mse' '--optimizer sgd'; do
  # shellcheck disable=SC2086
  expect 0 "${train[@]}" --stage spatial --init net.ckpt.h5 $options -o changed.ckpt.h5
  check "train $options: another spatial model" other_content changed.ckpt.h5 spatial.ckpt.h5
done
for form in fft direct; do
  expect 0 "${train[@]}" --stage spatial --init net.ckpt.h5 --conv $form --report-every 1 --metrics $form.jsonl \
    -o changed.ckpt.h5
done
check "train --conv: the same sums" near "$(logged direct.jsonl loss 1)" "$(logged fft.jsonl loss 1)" 1e-4
plan --stage spatial --init net.ckpt.h5 --spatial-radius 3
check "train --spatial-radius 3" grep -q 'from 15 parts, kernels 7x7' out
expect 0 "${train[@]}" "${small[@]}" --torso none -o blind.ckpt.h5
plan --stage spatial --init blind.ckpt.h5
check "train --torso none: a part less" grep -q 'from 14 parts' out
expect 0 "${train[@]}" --stage joint --init spatial.ckpt.h5 -o joint.ckpt.h5
for options in '--aux-weight 1' '--spatial-lr-mult 0' '--spatial-loss mse' '--conv direct'; do
  # shellcheck disable=SC2086
  expect 0 "${train[@]}" --stage joint --init spatial.ckpt.h5 $options -o changed.ckpt.h5
  check "train $options: another joint model" other_content changed.ckpt.h5 joint.ckpt.h5
done

# --- predict
predict=("$tool" predict --model joint.ckpt.h5 --images set.h5)
expect 0 "${predict[@]}" --data people.h5 --split test -o plain.h5
for options in '--refine none' '--refine mean3' --test-flip '--test-scales 0.8,1' --no-torso-hints; do
  # shellcheck disable=SC2086
  expect 0 "${predict[@]}" --data people.h5 --split test $options -o changed.h5
  check "predict $options finds others" other_content changed.h5 plain.h5
done
expect 0 "${predict[@]}" --data people.h5 --split test --precision bf16 -o changed.h5
check "predict --precision bf16" as_without_bf16 same_content changed.h5 plain.h5
people() { csv "$1" | sed 1d | grep -c .; }
expect 0 "${predict[@]}" --limit 3 -o some.h5
check "predict --limit 3" test "$(people some.h5)" = 3
expect 0 "${predict[@]}" --data people.h5 --split test --limit 3 -o some.h5
check "predict --data --limit 3: those of three pictures" test "$(people some.h5)" = 3
mkdir voc
expect 0 "$detect" convert --to voc set.h5 -o voc
find voc/JPEGImages -name '*1?.png' | sort -r >list.txt
mapfile -t pictures <list.txt
printf 'no picture' >bad.png
{ echo bad.png && cat list.txt; } >bad-list.txt
expect 0 "$tool" predict --model joint.ckpt.h5 "${pictures[@]}" -o named.h5
expect 65 "$tool" predict --model joint.ckpt.h5 --list bad-list.txt -o none.h5
expect 0 "$tool" predict --model joint.ckpt.h5 --list bad-list.txt --skip-bad-images -o listed.h5
check "predict --list and --skip-bad-images: the good ones" same_content listed.h5 named.h5
id=$(head -n 1 voc/ImageSets/Main/test.txt)
printf '[{"image_id":%s,"category_id":1,"bbox":[10,10,20,40],"score":%s}]' \
  "$(grep -n "^$id\$" <(sed 1d people.csv | cut -d, -f1 | sort -u) | cut -d: -f1)" 0.5 >box.json
expect 0 "$detect" convert --from coco-results box.json --images set.h5 -o box.h5
expect 0 "${predict[@]}" --boxes box.h5 -o boxed.h5
expect 0 "${predict[@]}" --boxes box.h5 --margin 1.25 -o same.h5
check "predict --margin: the model's is 1.25" same_content same.h5 boxed.h5
expect 0 "${predict[@]}" --boxes box.h5 --margin 2 -o wider.h5
check "predict --margin 2 sees more" other_content wider.h5 boxed.h5
expect 0 "${predict[@]}" --boxes box.h5 --threshold 0.6 -o nobody.h5
check "predict --threshold" test "$(people nobody.h5)" = 0 -a "$(people boxed.h5)" = 1
expect 65 "${predict[@]}" --boxes box.h5 --class dog -o none.h5

# --- eval
eval=("$tool" eval --truth people.h5 --pred plain.h5 --split test --format tsv)
radii=20,30,40,50,60,70,80,90,100  # many, since two rules may agree at one
expect 0 "${eval[@]}" --radii $radii
cp out plain.tsv
for norm in rsho-lhip mean box; do
  expect 0 "${eval[@]}" --radii $radii --torso-norm $norm
  check "eval --torso-norm $norm: another rate" other_bytes out plain.tsv
done
expect 0 "${eval[@]}" --part detector --radii $radii
check "eval --part detector: another rate" other_bytes out plain.tsv
expect 0 "${eval[@]}" --radii 7,90
check "eval --radii" test "$(sed 1d out | cut -f2 | sort -u | tr '\n' ' ')" = '7 90 '
expect 0 "${eval[@]}" --radii 80 --bootstrap 20
check "eval --bootstrap: an interval" test -n "$(field low)" -a -n "$(field high)"
expect 0 "${eval[@]}" --metric pcp --bootstrap 20
check "eval --metric pcp has none, and says so" grep -q -e '--bootstrap is ignored' err

# --- show
show=("$tool" show plain.h5 --images set.h5)
pictures_of() { grep -c '<image ' "$1"; }
expect 0 "${show[@]}" --count 3 --title 'A sheet' -o sheet.svg
check "show --count" test "$(pictures_of sheet.svg)" = 3
check "show --title" grep -q '>A sheet<' sheet.svg
expect 0 "${show[@]}" --count 3 --columns 1 -o column.svg
check "show --columns 1: one below the other" grep -q '<svg [^>]*width="444"' column.svg
second=$(sed -n 2p voc/ImageSets/Main/test.txt)
expect 0 "${show[@]}" --id "$second" -o named.svg
check "show --id" test "$(grep -c ">$second" named.svg)" = 1 -a "$(pictures_of named.svg)" = 1
for least in -1e9 1e9; do expect 0 "${show[@]}" --count 1 --min-score $least -o least$least.svg; done
check "show --min-score: hollow joints" other_bytes least-1e9.svg least1e9.svg
kernels=("$tool" show --what kernels spatial.ckpt.h5 --joints "neck,left_wrist")
for scale in own common; do expect 0 "${kernels[@]}" --scale $scale -o $scale.png; done
check "show --scale: another picture" other_bytes own.png common.png
expect 0 "${kernels[@]}" --start joint.ckpt.h5 -o start.png
check "show --start: the change" other_bytes own.png start.png
# Every joint is three pixels too far to the right.
awk -F, -v OFS=, '
  NR == 1 { for (i = 1; i <= NF; ++i) x[i] = $i ~ /_x$/ }
  NR > 1 { for (i in x) if (x[i] && $i != "") $i += 3 }
  1' people.csv >shifted.csv
expect 0 "$tool" convert --from csv shifted.csv -o shifted.h5
curves=("$tool" show --what curves plain.h5 shifted.h5 --truth people.h5 --split test)
expect 0 "${curves[@]}" --label first,second -o curves.svg
check "show --label" test "$(grep -c '>first.*<\|>second.*<' curves.svg)" -ge 2
expect 0 "${curves[@]}" --label first,second --torso-norm box -o box.svg
check "show --torso-norm: other curves" other_bytes curves.svg box.svg

# --- merge
for i in 0 2; do expect 0 "${predict[@]}" --data people.h5 --shard $i/3 -o part$i.h5; done
expect 65 "$tool" merge part0.h5 part2.h5 -o none.h5
expect 0 "$tool" merge part0.h5 part2.h5 --allow-missing -o parts.h5
check "merge --allow-missing marks the file" grep -q '"partial": 1' <("$tool" --info parts.h5)
check "nothing was written that should not be" test ! -e none.h5

exit $((failures > 0))
