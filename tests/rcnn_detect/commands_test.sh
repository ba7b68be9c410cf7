#!/usr/bin/env bash
# rcnn-propose and rcnn-detect end to end on generated scenes: every verb, shards, threads, pipes, resume, bad input.
# Usage: FILE BUILD_DIR
# shellcheck source=tests/expect.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../expect.sh"
bn=$build/bn-train propose=$build/rcnn-propose detect=$build/rcnn-detect

# --- data and a small backbone
expect 0 "$bn" convert --from scenes --kind shapes --count 24 --side 96 --max-objects 3 --test-fraction 0.34 -o set.h5
expect 0 "$bn" convert --from scenes --kind shapes --count 64 -o small.h5
expect 0 "$bn" train --data small.h5 --net shapes-conv-bn --batch 16 --steps 8 -o net.ckpt.h5

# --- proposals: shards, threads, pipes
run=("$propose" run --images set.h5 --min-side 8 --scale "30,60")
expect 0 "${run[@]}" --threads 1 -o boxes.h5
expect 0 "${run[@]}" --threads 2 -o threads.h5
check "1 and 2 threads propose the same" cmp -s boxes.h5 threads.h5
for n in 3 7; do
  parts=()
  for ((i = n - 1; i >= 0; --i)); do
    expect 0 "${run[@]}" --shard $i/$n -o part$i.h5
    parts+=("part$i.h5")
  done
  expect 0 "$propose" merge "${parts[@]}" -o merged.h5
  check "$n shards merge to the whole" cmp -s merged.h5 boxes.h5
done
# shellcheck disable=SC2016
expect 0 bash -c '"$0" run --images - --min-side 8 --scale 30,60 -o - <set.h5 | cmp - boxes.h5' "$propose"
expect 0 "${run[@]}" --seed 2 -o other.h5
check "another seed gives another order" test "$(hash_of other.h5)" != "$(hash_of boxes.h5)"
expect 0 "${run[@]}" --masks --top 30 -o masks.h5
expect 0 "${run[@]}" --masks --im-width 60 --top 30 -o resized.h5
expect 0 "$propose" verify boxes.h5 masks.h5 resized.h5
expect 0 "$propose" eval boxes.h5 --truth set.h5 --split test --format tsv
check "one row of recall" test "$(grep -vc '^#' out)" = 1
expect 0 "$propose" eval boxes.h5 --truth set.h5 --split '' --report curve --draw curve.svg
check "curve drawn" test -s curve.svg
expect 1 "$propose" eval boxes.h5 --truth set.h5 --split test --require 'mabo>=1.1'
expect 0 "$propose" convert --to tsv boxes.h5 -o boxes.tsv
expect 0 "$propose" convert --from tsv boxes.tsv --images set.h5 -o back.h5
check "TSV and back" test "$("$propose" convert --to tsv back.h5 -o - | md5sum)" = "$(md5sum <boxes.tsv)"
expect 64 "$propose" run --images set.h5 --colors mauve -o none.h5
expect 64 "$propose" run --images set.h5 --similarities cx -o none.h5
expect 65 "$propose" run --images boxes.h5 -o none.h5
check "wrong schema says which" grep -q 'expected schema fovea.images, found fovea.proposals' err
expect 66 "$propose" run missing.jpg

# --- features
features=("$detect" features --model net.ckpt.h5 --images set.h5 --padding 4 --layer pool3 --grid 2)
expect 0 "${features[@]}" --split train --proposals boxes.h5 --truth --threads 1 -o train.h5
expect 0 "${features[@]}" --split train --proposals boxes.h5 --truth --threads 2 -o threads.h5
check "1 and 2 threads give the same features" cmp -s train.h5 threads.h5
for i in 0 1 2; do expect 0 "${features[@]}" --split train --proposals boxes.h5 --truth --shard $i/3 -o part$i.h5; done
expect 0 "$detect" merge part2.h5 part0.h5 part1.h5 -o merged.h5
check "shards of features merge to the whole" cmp -s merged.h5 train.h5
# shellcheck disable=SC2016
expect 0 bash -c '"$0" features --model net.ckpt.h5 --images set.h5 --padding 4 --layer pool3 --grid 2 --split train --truth --proposals - -o - <boxes.h5 | cmp - train.h5' "$detect"
expect 0 "${features[@]}" --split test --proposals boxes.h5 -o test.h5
expect 0 "${features[@]}" --split train --proposals boxes.h5 --truth --store f16 -o train16.h5
expect 0 "${features[@]}" --split test --proposals boxes.h5 --store f16 -o test16.h5
check "float16 stored" grep -q '"type": "float16"' <("$bn" --info train16.h5)
expect 0 "$detect" verify train16.h5
expect 0 "${features[@]}" --split test --proposals masks.h5 --region full+fg -o masked.h5
expect 0 "${features[@]}" --split test --limit 2 --proposals boxes.h5 --warp square -o square.h5
expect 0 "${features[@]}" --split test --limit 2 --proposals boxes.h5 --warp square-nocontext -o square.h5
expect 65 "${features[@]}" --proposals boxes.h5 --region fg -o none.h5
expect 64 "${features[@]}" --proposals boxes.h5 --layer nonsense -o none.h5
expect 64 "${features[@]}" --proposals boxes.h5 --padding 16 -o none.h5
check "no output of a failed command" test ! -e none.h5

# --- training: resume is exact
train=("$detect" train --features train.h5 --images set.h5 --model net.ckpt.h5 --retrain-after 100 --checkpoint-every 3it)
expect 0 "${train[@]}" --threads 1 --report-every 4 --metrics a.jsonl -o a.ckpt.h5
expect 0 "${train[@]}" --threads 2 --report-every 4 --metrics b.jsonl -o b.ckpt.h5
check "1 and 2 threads train the same" cmp -s a.ckpt.h5 b.ckpt.h5
check "1 and 2 threads report the same" cmp -s a.jsonl b.jsonl
expect 75 "${train[@]}" --report-every 4 --max-time 0.0001 -o c.ckpt.h5
expect 0 "${train[@]}" --report-every 4 --resume -o c.ckpt.h5
check "a resumed detector equals an undisturbed one" test "$(hash_of c.ckpt.h5)" = "$(hash_of a.ckpt.h5)"
expect 0 "${train[@]}" --features train16.h5 -o half.ckpt.h5
expect 0 "${train[@]}" --reg-discard 0.2 -o robust.ckpt.h5
check "--reg-discard fits other boxes" test "$(hash_of robust.ckpt.h5)" != "$(hash_of a.ckpt.h5)"
expect 64 "${train[@]}" --reg-discard 1 -o none.h5
expect 65 "$detect" train --features test.h5 --images set.h5 --model net.ckpt.h5 -o none.h5
check "training without true boxes says so" grep -q 'truth' err
expect 65 "$detect" train --features train.h5 --images small.h5 --model net.ckpt.h5 -o none.h5
check "features of another set are refused" grep -q 'made for image set' err
expect 0 "$detect" finetune --model net.ckpt.h5 --images set.h5 --proposals boxes.h5 --padding 4 --positives 4 --backgrounds 8 --steps 6 --checkpoint-every 2it -o tuned.ckpt.h5
expect 75 "$detect" finetune --model net.ckpt.h5 --images set.h5 --proposals boxes.h5 --padding 4 --positives 4 --backgrounds 8 --steps 6 --checkpoint-every 2it --max-time 0.0001 -o again.ckpt.h5
expect 0 "$detect" finetune --model net.ckpt.h5 --images set.h5 --proposals boxes.h5 --padding 4 --positives 4 --backgrounds 8 --steps 6 --checkpoint-every 2it --resume -o again.ckpt.h5
check "resumed fine-tuning equals undisturbed" test "$(hash_of again.ckpt.h5)" = "$(hash_of tuned.ckpt.h5)"

# --- detection and evaluation
expect 0 "$detect" detect --model a.ckpt.h5 --features test.h5 -o found.h5
expect 0 "$detect" detect --model a.ckpt.h5 --images set.h5 --split test --proposals boxes.h5 --threads 2 -o pictures.h5
eval_of() { "$detect" eval "$1" --truth set.h5 --split test --format tsv 2>/dev/null | tail -n 1; }
check "features and pictures give the same detections" test "$(eval_of found.h5)" = "$(eval_of pictures.h5)"
expect 0 "$detect" detect --model a.ckpt.h5 --images set.h5 --split test --limit 2 --min-side 8 --format tsv
expect 0 "$detect" detect --model tuned.ckpt.h5 --scorer softmax --images set.h5 --split test --limit 2 --proposals boxes.h5 -o softmax.h5
expect 65 "$detect" detect --model net.ckpt.h5 --images set.h5 --split test --proposals boxes.h5 -o none.h5
check "a network is no detector" grep -q 'rcnn-detect train' err
for i in 0 1 2; do expect 0 "$detect" detect --model a.ckpt.h5 --features test.h5 --shard $i/3 -o part$i.h5; done
expect 0 "$detect" merge part1.h5 part0.h5 part2.h5 -o merged.h5
check "shards of detections merge to the whole" cmp -s merged.h5 found.h5
expect 0 "$detect" detect --model a.ckpt.h5 --features test.h5 --limit 3 --threshold -1e9 --format tsv
check "detect --features --limit 3" test "$(grep -v '^#' out | cut -f1 | sort -u | wc -l)" = 3
expect 0 "$detect" detect --model half.ckpt.h5 --features test16.h5 -o half.h5
map_of() { eval_of "$1" | cut -f 7; }
check "float16 features give nearly the same mean AP" awk -v a="$(map_of found.h5)" -v b="$(map_of half.h5)" 'BEGIN { exit !(a > 0 && a - b < 0.03 && b - a < 0.03) }'
count_of() { "$detect" detect --model a.ckpt.h5 --features test.h5 "$@" --format tsv 2>/dev/null | grep -vc '^#'; }
check "fewer boxes with a cap before suppression" test "$(count_of --max-per-image 10)" -lt "$(count_of --max-per-image 10 --cap-after-nms)"
check "a cap over the set: 4 boxes of 8 classes in 8 pictures" test "$(count_of --set-cap 0.5 --cap-after-nms)" = 32
expect 64 "$detect" detect --model a.ckpt.h5 --features test.h5 --set-cap 3 --shard 0/2 -o none.h5

# --- a second look at what was found
look=("$detect" detect --model a.ckpt.h5 --refine 1 --format tsv)
again=(--images set.h5 --split test)
expect 0 "${look[@]}" "${again[@]}" --features test.h5
cp out looked
check "another look gives other boxes" test "$(cut -f4 looked | sort | cksum)" != "$("$detect" detect --model a.ckpt.h5 --features test.h5 --format tsv 2>/dev/null | cut -f4 | sort | cksum)"
expect 0 "${look[@]}" "${again[@]}" --proposals boxes.h5 --threads 2
check "from features and from pictures, 1 and 2 threads: the same" cmp -s out looked
expect 0 "${look[@]}" "${again[@]}" --features test.h5 --threshold 1e6
check "nothing to look at again is no error" test "$(grep -vc '^#' out)" = 0
expect 64 "${look[@]}" --features test.h5
check "--refine beside features asks for pictures" grep -q 'expected the pictures beside it' err
expect 64 "${look[@]}" "${again[@]}" --proposals boxes.h5 --no-box-regression
check "--refine asks for box regression" grep -q 'corrects boxes' err
expect 65 "${look[@]}" --features test.h5 --images small.h5
check "--refine wants the pictures that the features are of" grep -q 'made for image set' err

for report in summary classes errors sensitivity; do
  expect 0 "$detect" eval found.h5 --truth set.h5 --split test --report $report --format tsv
done
for rule in ilsvrc coco; do expect 0 "$detect" eval found.h5 --truth set.h5 --split test --rule $rule --format tsv; done
expect 0 "$detect" eval found.h5 --truth set.h5 --split test --report classes --draw curves.png
expect 1 "$detect" eval found.h5 --truth set.h5 --split test --require 'map>=1.1'
expect 0 "$detect" show found.h5 --images set.h5 --truth --count 2 -o shown.png
expect 0 "$detect" show --what units test.h5 --images set.h5 --model net.ckpt.h5 --units 1,5 --crops 4 -o units.png
expect 0 "$propose" show boxes.h5 --images set.h5 -o proposals.svg
expect 0 "$propose" show masks.h5 --images set.h5 --what top --masks -o masks.png
check "pictures drawn" eval "[ -s shown.png ] && [ -s units.png ] && [ -s proposals.svg ] && [ -s masks.png ]"
mkdir results
expect 0 "$detect" convert --to voc-results found.h5 -o results
check "one result file for each class" test "$(find results -name '*.txt' | wc -l)" = 8
expect 0 "$detect" convert --to coco-results found.h5 --images set.h5 -o found.json
expect 0 "$detect" convert --to coco set.h5 -o set.json
expect 0 "$detect" split set.h5 -o halves.h5
expect 0 "$detect" split set.h5 --share 0.75 --into train,test -o shared.h5

# --- pictures that are hard: grey, one pixel, damaged
cp "$root/share/demo/digit-3.png" grey.png
printf 'not a picture' >text.jpg
expect 65 "$propose" run text.jpg
expect 0 "$propose" run grey.png --min-side 4 --format tsv
head -c 100 grey.png >cut.png
expect 65 "$propose" run grey.png cut.png -o none.h5
expect 0 "$propose" run grey.png cut.png --skip-bad-images -o skipped.h5
check "the damaged picture is named" grep -q 'cut.png' err
check "no output of failed commands" test ! -e none.h5

if [ "$failures" -gt 0 ]; then
  printf '%s failure(s)\n' "$failures"
  exit 1
fi
