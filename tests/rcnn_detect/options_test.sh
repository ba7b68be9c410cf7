#!/usr/bin/env bash
# What each option of rcnn-detect does: that it reaches the work, and is not taken and forgotten.
# Usage: FILE BUILD_DIR
# shellcheck source=tests/expect.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../expect.sh"
bn=$build/bn-train propose=$build/rcnn-propose tool=$build/rcnn-detect

# --- pictures with objects, as a set, as VOC has them with every first object difficult, and a small network
expect 0 "$bn" convert --from scenes --kind shapes --count 40 --side 48 --max-objects 3 --test-fraction 0.25 \
  -o scenes.h5
mkdir voc
expect 0 "$tool" convert --to voc scenes.h5 -o voc
sed -i '0,/<difficult>0/s//<difficult>1/' voc/Annotations/*.xml
expect 0 "$tool" convert --from voc voc -o set.h5
cat >tiny.net <<'NET'
fovea-net 1
input name=data height=16 width=16 channels=3 std=255
conv name=conv1 out=6 kernel=3 pad=same bias=no
batch_norm name=bn1
relu name=relu1
max_pool name=pool1 kernel=4 stride=4
conv name=conv2 out=8 kernel=3 pad=same
relu name=relu2
dense name=fc out=8
NET
expect 0 "$bn" convert --from scenes --kind shapes --count 200 --side 16 -o small.h5
expect 0 "$bn" train --data small.h5 --net tiny.net --batch 16 --steps 30 --learning-rate 0.02 --momentum 0.9 \
  -o net.ckpt.h5
expect 0 "$propose" run --images set.h5 --min-side 8 --masks -o boxes.h5
find voc/JPEGImages -name '*1?.png' | sort -r >list.txt # ten of them
mapfile -t pictures <list.txt
printf 'no picture' >bad.png
{ echo bad.png && cat list.txt; } >bad-list.txt
expect 0 "$propose" run "${pictures[@]}" --min-side 8 --masks -o files.h5
differ() { check "$1" other_bytes out plain; }

# --- features
features=("$tool" features --model net.ckpt.h5 --layer pool1 --padding 2)
expect 0 "${features[@]}" --images set.h5 --proposals boxes.h5 --top 20 --truth -o features.h5
expect 0 "${features[@]}" --images set.h5 --split test --proposals boxes.h5 --top 5 -o plain.h5
regions() { "$tool" --info "$1" | grep -A2 '"regions/box"' | sed -n 's/.*extents": \[\([0-9]*\),.*/\1/p'; }
check "features --top 5: five of each of eight pictures" test "$(regions plain.h5)" = 40
for options in '--warp square' '--warp square-nocontext' '--padding 4' '--crop 32' '--grid 2' '--layer conv2' \
  '--region fg'; do
  # shellcheck disable=SC2086
  expect 0 "${features[@]}" --images set.h5 --split test --proposals boxes.h5 --top 5 $options -o changed.h5
  check "features $options gives others" other_content changed.h5 plain.h5
done
width() { "$tool" --info "$1" | grep -A2 '"features"' | sed -n 's/.*extents": \[[0-9]*, \([0-9]*\).*/\1/p'; }
expect 0 "${features[@]}" --images set.h5 --split test --proposals boxes.h5 --top 5 --crop 32 -o changed.h5
check "features --crop 32: four times as many as from 16" test "$(width changed.h5)" = $((4 * $(width plain.h5)))
expect 0 "${features[@]}" --images set.h5 --split test --proposals boxes.h5 --top 5 --batch 3 -o changed.h5
check "features --batch changes nothing" same_content changed.h5 plain.h5
expect 0 "${features[@]}" --images set.h5 --split test --proposals boxes.h5 --top 5 --precision bf16 -o changed.h5
check "features --precision bf16" as_without_bf16 same_content changed.h5 plain.h5
expect 0 "${features[@]}" "${pictures[@]}" --proposals files.h5 --top 5 -o named.h5
expect 65 "${features[@]}" --list bad-list.txt --proposals files.h5 --top 5 -o none.h5
expect 0 "${features[@]}" --list bad-list.txt --skip-bad-images --proposals files.h5 --top 5 -o listed.h5
check "features --list, --skip-bad-images: the good ones" same_content listed.h5 named.h5
expect 0 "${features[@]}" --list list.txt --limit 3 --proposals files.h5 --top 5 -o limit.h5
check "features --limit 3" test "$(regions limit.h5)" = 15

# --- finetune
tune=("$tool" finetune --model net.ckpt.h5 --images set.h5 --proposals boxes.h5 --padding 2 --positives 4
  --backgrounds 8 --steps 4)
expect 0 "${tune[@]}" -o tuned.ckpt.h5
cp err plain
for options in '--learning-rate 0.01' '--classifier-rate 2' '--schedule staircase:0.1@2' '--momentum 0' \
  '--weight-decay 0.1' '--warp square' '--padding 3' '--crop 16 --padding 1' '--freeze-below conv2' --batch-statistics \
  --skip-difficult '--overlap 0.8' '--split test' '--positives 5' '--backgrounds 7'; do
  # shellcheck disable=SC2086
  expect 0 "${tune[@]}" $options -o changed.ckpt.h5
  check "finetune $options learns something else" other_content changed.ckpt.h5 tuned.ckpt.h5
done
windows() { sed -n 's/.*: \([0-9]*\) pictures: \([0-9]*\) windows of objects, .*/\1 \2/p' "$1"; }
read -r all objects <<<"$(windows plain)"
expect 0 "${tune[@]}" --split test --dry-run -o none.h5
check "finetune --split test: its eight pictures" test "$(windows err | cut -d' ' -f1)" = 8 -a "$all" = 32
expect 0 "${tune[@]}" --overlap 0.8 --dry-run -o none.h5
check "finetune --overlap 0.8: fewer windows" test "$(windows err | cut -d' ' -f2)" -lt "$objects"
expect 0 "${tune[@]}" --skip-difficult --dry-run -o none.h5
check "finetune --skip-difficult: fewer windows" test "$(windows err | cut -d' ' -f2)" -lt "$objects"
expect 0 "${tune[@]}" --learning-rate 0.02 --schedule staircase:0.5@2 --report-every 2 --metrics tune.jsonl \
  -o changed.ckpt.h5
check "finetune --report-every 2: two reports" test "$(logged tune.jsonl loss | wc -l)" = 2
check "finetune --metrics, --learning-rate and --schedule" near "$(logged tune.jsonl learning_rate 2)" 0.01
guess() { "$bn" predict -q --model "$1" --data small.h5 --split test --format tsv; }
for steps in 1 4; do
  expect 0 "${tune[@]}" --freeze-below fc --classifier-rate 0 --steps $steps -o still$steps.ckpt.h5
  expect 0 "${tune[@]}" --classifier-rate 0 --steps $steps -o moved$steps.ckpt.h5
done
check "finetune --freeze-below and --classifier-rate 0: nothing moves" test "$(guess still1.ckpt.h5)" = \
  "$(guess still4.ckpt.h5)"
check "finetune without --freeze-below the rest does" test "$(guess moved1.ckpt.h5)" != "$(guess moved4.ckpt.h5)"

# --- train
train=("$tool" train --features features.h5 --images set.h5 --model net.ckpt.h5 --retrain-after 20)
expect 0 "${train[@]}" --metrics plain.jsonl -o detector.ckpt.h5
for options in '--cost 0.1' '--positive-weight 20' '--bias-feature 1' '--tolerance 0.5' '--negative-overlap 0.1' \
  '--hard-above 0.5' '--evict-below -0.2' '--passes 2' '--reg-lambda 1' '--reg-min-overlap 0.9' --skip-difficult \
  --no-box-regression; do
  # shellcheck disable=SC2086
  expect 0 "${train[@]}" $options -o changed.ckpt.h5
  check "train $options learns something else" other_content changed.ckpt.h5 detector.ckpt.h5
done
# shellcheck disable=SC2317  # called by check
has_regressors() { "$tool" --info "$1" | grep -q '"name": "detector/.*reg'; }
check "train learns to correct boxes" has_regressors detector.ckpt.h5
check "train --no-box-regression does not" not has_regressors changed.ckpt.h5
expect 0 "${train[@]}" --passes 2 --report-every 40 --metrics passes.jsonl -o changed.ckpt.h5
check "train --passes 2: each of 40 pictures twice" test "$(grep -o '"step":[0-9]*' passes.jsonl | tr -d '\n')" = \
  '"step":40"step":80'
expect 0 "${train[@]}" --hard-above 1000 --metrics hard.jsonl -o changed.ckpt.h5
check "train --hard-above: fewer negatives" less "$(logged hard.jsonl cached_negatives)" \
  "$(logged plain.jsonl cached_negatives)"
expect 0 "${train[@]}" --evict-below 0.9 --metrics evict.jsonl -o changed.ckpt.h5
check "train --evict-below: fewer stay" less "$(logged evict.jsonl cached_negatives)" \
  "$(logged plain.jsonl cached_negatives)"
expect 0 "${train[@]}" --tolerance 1 --metrics loose.jsonl -o changed.ckpt.h5
objective() {
  awk -v a="$(logged "$1" positive_loss)" -v b="$(logged "$1" negative_loss)" -v c="$(logged "$1" regularization)" '
    BEGIN { print a + b + c }'
}
check "train --tolerance 1 stops before the minimum" less "$(objective plain.jsonl)" "$(objective loose.jsonl)"

# --- detect
find=("$tool" detect --model detector.ckpt.h5 --images set.h5 --split test --format tsv --nms 1
  --threshold -1e9 --max-per-image 0)
expect 0 "${find[@]}" --min-side 8
cp out plain
for options in '--mode single' '--colors rgb' '--similarities s' '--scale 300' '--sigma 0' '--min-region 400' \
  '--min-side 20' '--bins round' '--im-width 32' '--top 7'; do
  side=8
  [[ $options == --min-side* ]] && side=20
  # shellcheck disable=SC2086
  expect 0 "$propose" run --images set.h5 --split test --min-side $side $options -o own.h5
  expect 0 "${find[@]}" --proposals own.h5
  cp out proposed
  # shellcheck disable=SC2086
  expect 0 "${find[@]}" --min-side 8 $options
  differ "detect $options finds others"
  check "detect $options: as with those proposals" cmp -s out proposed
done
for options in '--threshold 0' '--max-per-image 3' '--cap-after-nms --max-per-image 3' '--set-cap 1' '--nms 0.3' \
  --no-box-regression; do
  # shellcheck disable=SC2086
  expect 0 "${find[@]}" --min-side 8 $options
  differ "detect $options finds others"
done
expect 0 "${find[@]}" --min-side 8 --batch 3
check "detect --batch changes nothing" cmp -s out plain
expect 0 "${find[@]}" --min-side 8 --precision bf16
check "detect --precision bf16" as_without_bf16 cmp -s out plain
soft=("$tool" detect --model tuned.ckpt.h5 --scorer softmax --images set.h5 --split test --proposals boxes.h5
  --format tsv)
expect 0 "${soft[@]}" --min-probability 0
rows=$(grep -vc '^#' out)
middle=$(grep -v '^#' out | cut -f3 | sort -g | sed -n "$((rows / 2))p")
expect 0 "${soft[@]}" --min-probability "$middle"
check "detect --min-probability $middle: about half of the boxes" test "$(grep -vc '^#' out)" -le $((rows / 2 + 3)) \
  -a "$(grep -vc '^#' out)" -gt 3
# shellcheck disable=SC2016
check "detect --min-probability: all above it" awk -F'\t' -v least="$middle" \
  '!/^#/ { bad += $3 < least - 0.001 } END { exit bad > 0 }' out
files=("$tool" detect --model detector.ckpt.h5 --proposals files.h5 --format tsv)
expect 0 "${files[@]}" "${pictures[@]}"
cp out plain
expect 65 "${files[@]}" --list bad-list.txt
expect 0 "${files[@]}" --list bad-list.txt --skip-bad-images
check "detect --list, --skip-bad-images: the good ones" cmp -s out plain
expect 0 "${files[@]}" --list list.txt --limit 3
check "detect --limit 3" test "$(cut -f1 out | sort -u | grep -vc '^#')" = 3

# --- eval
expect 0 "$tool" detect --model detector.ckpt.h5 --images set.h5 --proposals boxes.h5 -o found.h5
expect 0 "$tool" detect --model detector.ckpt.h5 --images set.h5 --split test --limit 3 --proposals boxes.h5 -o few.h5
eval=("$tool" eval --truth set.h5 --format tsv)
expect 0 "${eval[@]}" found.h5
cp out plain
for options in '--iou 0.3' --count-difficult '--split train' '--split='; do
  # shellcheck disable=SC2086
  expect 0 "${eval[@]}" found.h5 $options
  differ "eval $options: another score"
done
total() {
  awk -F'\t' '
    NR == 1 { for (i = 1; i <= NF; ++i) if ($i == "objects") at = i }
    NR > 1 { sum += $at }
    END { print sum + 0 }' out
}
expect 0 "${eval[@]}" found.h5 --report classes
easy=$(total)
expect 0 "${eval[@]}" found.h5 --report classes --count-difficult
check "eval --count-difficult: one more in each of eight pictures" test "$(total)" = $((easy + 8))
expect 0 "${eval[@]}" few.h5 --report classes
check "eval: objects of unlisted images count" test "$(total)" = "$easy"
expect 0 "${eval[@]}" few.h5 --report classes --listed-only
check "eval --listed-only: they do not" test "$(total)" -lt "$easy"
expect 0 "${eval[@]}" found.h5 --rule ilsvrc --report classes
strict=$(total)
# The last object of a test picture that has several is not difficult; its class is not looked at there.
first=$(while read -r name; do
  [[ $(grep -c '<object>' "voc/Annotations/$name.xml") -ge 2 ]] && echo "$name"
done <voc/ImageSets/Main/test.txt | head -n 1)
label=$(sed -n 's/.*<name>\(.*\)<.*/\1/p' "voc/Annotations/$first.xml" | tail -n 1)
echo "$first $label" >black.txt
expect 0 "${eval[@]}" found.h5 --rule ilsvrc --report classes --blacklist black.txt
check "eval --blacklist leaves out $first $label" test "$(total)" -lt "$strict"
expect 0 "${eval[@]}" found.h5 --report errors --similar circle+ring
cp out plain
expect 0 "${eval[@]}" found.h5 --report errors --similar circle+square+triangle+star+cross+ring+pentagon+diamond
differ "eval --similar: other errors"
expect 64 "${eval[@]}" found.h5 --report errors --similar circle+dog
expect 0 "${eval[@]}" found.h5 --report sensitivity
cp out plain
expect 0 "${eval[@]}" found.h5 --report sensitivity --normal-positives 40
differ "eval --normal-positives: another normalised AP"

# --- show
pictures_of() { grep -c '<image ' "$1"; }
drawn() { grep -c 'stroke-width="2"' "$1"; } # boxes
show=("$tool" show found.h5)
expect 0 "${show[@]}" --images set.h5 --threshold -1.2 --count 3 --title 'A sheet' -o sheet.svg
check "show --count" test "$(pictures_of sheet.svg)" = 3
check "show --title" grep -q '>A sheet<' sheet.svg
expect 0 "${show[@]}" --images set.h5 --threshold -0.5 --count 3 -o above.svg
check "show --threshold: fewer boxes" test "$(drawn above.svg)" -lt "$(drawn sheet.svg)"
expect 0 "${show[@]}" --images set.h5 --count 3 --columns 1 -o column.svg
check "show --columns 1: one below the other" grep -q '<svg [^>]*width="444"' column.svg
expect 0 "${show[@]}" --images set.h5 --id shapes-000007,shapes-000003 -o named.svg
check "show --id" test "$(grep -o '>shapes-[0-9]*' named.svg | tr -d '\n')" = '>shapes-000007>shapes-000003'
expect 0 "${show[@]}" --images set.h5 --split test --count 1 -o split.svg
check "show --split test: a picture of it" grep -q "^$(grep -o 'shapes-[0-9]*' split.svg | head -n 1)$" \
  voc/ImageSets/Main/test.txt
expect 0 "${show[@]}" --images set.h5 --limit 2 --count 5 -o limit.svg
check "show --limit 2" test "$(pictures_of limit.svg)" = 2
expect 0 "$tool" detect --model detector.ckpt.h5 --list list.txt --proposals files.h5 -o found-files.h5
expect 65 "$tool" show found-files.h5 --list bad-list.txt --count 20 -o none.svg
expect 0 "$tool" show found-files.h5 --list bad-list.txt --skip-bad-images --count 20 -o listed.svg
check "show --list, --skip-bad-images: the ten good ones" test "$(pictures_of listed.svg)" = 10
units=("$tool" show --what units features.h5 --images set.h5 --model net.ckpt.h5)
expect 0 "${units[@]}" --rows 3 --crops 4 -o units.svg
check "show --rows and --crops: three rows of four" test "$(pictures_of units.svg)" = 12
for options in '--nms 0.9' '--keep 2'; do
  # shellcheck disable=SC2086
  expect 0 "${units[@]}" --rows 3 --crops 4 $options -o other.svg
  check "show $options: other regions" other_bytes units.svg other.svg
done

# --- segment
mkdir maps found
expect 0 "$bn" convert --from scenes --kind shapes --count 40 --side 48 --max-objects 3 --test-fraction 0.25 \
  --label-maps maps -o again.h5
expect 0 "$tool" features --model net.ckpt.h5 --images set.h5 --split train --proposals boxes.h5 --top 30 \
  --layer pool1 --padding 2 -o parts.h5
learn=("$tool" segment --train --features parts.h5 --proposals boxes.h5 --model net.ckpt.h5 --truth maps
  --classes maps/class_names.txt)
expect 0 "${learn[@]}" -o seg.ckpt.h5
for options in '--cost 1' '--epsilon 0.5' '--bias-feature 1' '--tolerance 0.9' '--max-epochs 1'; do
  # shellcheck disable=SC2086
  expect 0 "${learn[@]}" $options -o changed.ckpt.h5
  check "segment $options learns something else" other_content changed.ckpt.h5 seg.ckpt.h5
done
label=("$tool" segment --model seg.ckpt.h5 --images set.h5 --split test --truth maps --background 0.05 --format tsv)
expect 0 "${label[@]}" --min-side 8 -o found
cp out plain
for options in '--mode single' '--colors rgb' '--similarities s' '--scale 300' '--sigma 0' '--min-region 400' \
  '--min-side 20' '--bins round' '--im-width 32' '--top 2'; do
  side=8
  [[ $options == --min-side* ]] && side=20
  # shellcheck disable=SC2086
  expect 0 "$propose" run --images set.h5 --split test --masks --min-side $side $options -o own.h5
  expect 0 "${label[@]}" --proposals own.h5
  cp out proposed
  # shellcheck disable=SC2086
  expect 0 "${label[@]}" --min-side 8 $options
  check "segment $options: as with those proposals" cmp -s out proposed
  [[ $options == --bins* ]] || differ "segment $options: another score"
done
expect 0 "${label[@]}" --min-side 8 --batch 3
check "segment --batch changes nothing" cmp -s out plain
expect 0 "${label[@]}" --min-side 8 --precision bf16
check "segment --precision bf16" as_without_bf16 cmp -s out plain
expect 0 "${label[@]}" --min-side 8 --background 0.3
differ "segment --background: another score"
mkdir maps-of-files
for options in '--list list.txt 10' '--list list.txt --limit 4 4' '--list bad-list.txt --skip-bad-images 10'; do
  rm -f maps-of-files/*
  # shellcheck disable=SC2086
  expect 0 "$tool" segment --model seg.ckpt.h5 --proposals files.h5 ${options% *} -o maps-of-files
  check "segment ${options% *}" test "$(find maps-of-files -name '*.png' | wc -l)" = "${options##* }"
done
expect 65 "$tool" segment --model seg.ckpt.h5 --proposals files.h5 --list bad-list.txt -o maps-of-files

# --- convert
table() { "$tool" convert --to tsv "$@" -o -; }
objects() { table "$@" | awk -F'\t' '!/^#/ && $5 != "NA" && $5 != "" { ++n } END { print n + 0 }'; }
images() { table "$@" | grep -v '^#' | cut -f1 | sort -u | wc -l; }
expect 0 "$tool" convert --from voc voc --set test -o some.h5
check "convert --from voc --set: a list" test "$(images some.h5)" = 8
check "convert --to tsv --set: a split" test "$(images set.h5 --set test)" = 8
check "convert --to tsv --skip-difficult" test "$(objects set.h5 --skip-difficult)" = $(($(objects set.h5) - 40))
expect 0 "$tool" convert --from voc voc --skip-difficult -o some.h5
check "convert --from voc --skip-difficult" test "$(objects some.h5)" = $(($(objects set.h5) - 40))
expect 0 "$tool" convert --from voc voc --classes star,circle -o some.h5
check "convert --classes: these two" test "$(table some.h5 | grep -v '^#' | cut -f5 | sort -u | tr '\n' ' ')" = \
  'NA circle star '
printf 'ring\ncircle\n' >names.txt
expect 0 "$tool" convert --from voc voc --names names.txt -o some.h5
check "convert --names: these two" test "$(table some.h5 | grep -v '^#' | cut -f5 | sort -u | tr '\n' ' ')" = \
  'NA circle ring '
mkdir bare elsewhere
expect 0 "$tool" convert --to voc set.h5 --no-copy-pictures -o bare
check "convert --no-copy-pictures" test ! -e bare/JPEGImages -a -e bare/Annotations/shapes-000000.xml
expect 66 "$tool" convert --from voc bare -o none.h5
cp voc/JPEGImages/* elsewhere/
expect 0 "$tool" convert --from voc bare --pictures elsewhere -o some.h5
check "convert --pictures: found elsewhere" same_content some.h5 set.h5
printf 'no picture' >elsewhere/shapes-000003.png
expect 65 "$tool" convert --from voc bare --pictures elsewhere -o none.h5
expect 0 "$tool" convert --from voc bare --pictures elsewhere --skip-bad-images -o some.h5
check "convert --skip-bad-images: one less" test "$(images some.h5)" = 39
printf '{"images":[],"annotations":[],"categories":[' >categories.json
number=20
while read -r name; do printf '{"id":%s,"name":"%s"},' $((++number)) "$name"; done \
  <<<"$(sed 1d maps/class_names.txt)" >>categories.json
printf '{"id":99,"name":"dog"}]}' >>categories.json
expect 0 "$tool" convert --to coco-results found.h5 --images set.h5 --categories categories.json -o results.json
check "convert --to coco-results --categories" test \
  "$(grep -o '"category_id": *[0-9]*' results.json | grep -o '[0-9]*$' | sort -u | tr '\n' ' ')" = \
  '21 22 23 24 25 26 27 28 '
expect 0 "$tool" convert --from coco-results results.json --images set.h5 --categories categories.json -o back.h5
check "convert --from coco-results --categories: as they were" test "$(table back.h5 | cut -f1-3 | sort)" = \
  "$(table found.h5 | cut -f1-3 | sort)"
awk '{ print $1, NR }' <(table found.h5 | grep -v '^#' | cut -f1 | sort -u) >ids.txt
expect 0 "$tool" convert --to ilsvrc-results found.h5 --list ids.txt -o results.txt
check "convert --list: numbers for names" test "$(awk '{ print $1 }' results.txt | sort -un | tail -n 1)" = \
  "$(wc -l <ids.txt)"
expect 0 "$tool" convert --from ilsvrc-results results.txt --list ids.txt --images set.h5 -o back.h5
check "convert --from ilsvrc-results --list: as they were" test "$(table back.h5 | cut -f1-2 | sort)" = \
  "$(table found.h5 | cut -f1-2 | sort)"

# --- split
halves() { table "$1" | grep -v '^#' | cut -f1,2 | sort -u; }
expect 0 "$tool" split set.h5 -o plain.h5
expect 0 "$tool" split set.h5 --of train -o of.h5
check "split --of train leaves the others alone" test "$(halves of.h5 | grep -c 'test$')" = 8 \
  -a "$(halves of.h5 | grep -c 'val[12]$')" = 32
printf 'shapes-000004\nshapes-000006\n' >out.txt
expect 0 "$tool" split set.h5 --exclude out.txt -o exclude.h5
check "split --exclude keeps these two out" test "$(halves exclude.h5 | grep -v 'val[12]$' | cut -f1 | tr '\n' ' ')" = \
  'shapes-000004 shapes-000006 '
for trials in 1 100; do
  expect 0 "$tool" split set.h5 --seed 4 --trials $trials -o trials$trials.h5
  cp err trials$trials
done
mean_of() { sed -n 's/.*mean \([0-9.]*\);.*/\1/p' "$1"; }
check "split --trials 100 is better than --trials 1" less "$(mean_of trials100)" "$(mean_of trials1)"

# --- merge
for i in 0 2; do expect 0 "${features[@]}" --images set.h5 --proposals boxes.h5 --top 2 --shard $i/3 -o part$i.h5; done
expect 65 "$tool" merge part0.h5 part2.h5 -o none.h5
expect 0 "$tool" merge part0.h5 part2.h5 --allow-missing -o parts-of.h5
check "merge --allow-missing marks the file" grep -q '"partial": 1' <("$tool" --info parts-of.h5)
check "nothing was written that should not be" test ! -e none.h5 -a ! -e none.svg

exit $((failures > 0))
