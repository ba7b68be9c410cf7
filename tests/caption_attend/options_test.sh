#!/usr/bin/env bash
# What each option of caption-attend does: that it reaches the work, and is not taken and forgotten.
# Usage: FILE BUILD_DIR
# shellcheck source=tests/expect.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../expect.sh"
tool=$build/caption-attend bn=$build/bn-train
has() { check "$1" grep -q -- "$2" "$3"; }
lacks() { check "$1" not grep -q -- "$2" "$3"; }

# --- convert: scenes
draw=("$tool" convert --from scenes --count 168 --side 16 --test-fraction 0.25 --val-fraction 0.25)
expect 0 "${draw[@]}" -o set.h5
expect 0 "${draw[@]}" --noise 0 -o quiet.h5
check "convert --noise is of the pictures" other_content quiet.h5 set.h5
expect 0 "${draw[@]}" --min-objects 2 --max-objects 3 -o crowd.h5
captions() { "$tool" convert --to tsv "$1" "${@:2}" -o - | sed 1d | cut -f2; }
check "convert --min-objects 2: no picture of one" test "$(captions crowd.h5 | grep -vc 'of\|above\|below')" = 0 \
  -a "$(captions set.h5 | grep -vc 'of\|above')" != 0
expect 0 "${draw[@]}" --max-objects 1 -o single.h5
check "convert --max-objects 1: none of two" test "$(captions single.h5 | grep -c 'of\|above')" = 0

# --- convert: files
cat >karpathy.json <<'JSON'
{"dataset":"x","images":[
 {"filename":"a.jpg","imgid":0,"split":"train","sentences":[
  {"raw":"A dog, here.","tokens":["a","dog","here"],"imgid":0,"sentid":0}]},
 {"filename":"b.jpg","imgid":1,"split":"restval","sentences":[
  {"raw":"A cat.","tokens":["a","cat"],"imgid":1,"sentid":1}]}]}
JSON
expect 0 "$tool" convert --from karpathy karpathy.json -o some.h5
check "as written, without restval" test "$(captions some.h5)" = 'A dog, here.'
expect 0 "$tool" convert --from karpathy karpathy.json --restval train --text tokens -o some.h5
check "convert --restval train and --text tokens" test "$(captions some.h5 --set train | tr '\n' ';')" = \
  'a dog here;a cat;'
printf 'a.jpg\tone\na.jpg\ttwo\na.jpg\tthe third one\n' >three.tsv
expect 0 "$tool" convert --from tsv three.tsv --captions-per-image 2 -o some.h5
check "convert --captions-per-image 2" test "$(captions some.h5 | tr '\n' ';')" = 'one;two;'
expect 0 "$tool" convert --from tsv three.tsv --max-caption-bytes 4 -o some.h5
has "convert --max-caption-bytes 4" '1 caption(s) of more than 4 bytes' err
check "convert --max-caption-bytes: it is left out" test "$(captions some.h5 | wc -l)" = 2
expect 0 "$tool" convert --from tsv three.tsv --split val -o some.h5
check "convert --split" test "$(captions some.h5 --set val | wc -l)" = 3
mkdir flickr bare
expect 0 "$tool" convert --to flickr8k set.h5 -o flickr
expect 0 "$tool" convert --to flickr8k set.h5 --no-copy-pictures -o bare
check "convert --no-copy-pictures" test -e flickr/Images -a ! -e bare/Images -a -e bare/Flickr8k.token.txt

# --- vocab: the captions of the set with capitals and full stops
"$tool" convert --to tsv set.h5 -o - 2>err |
  awk -F'\t' -v OFS='\t' '!/^#/ { $2 = toupper(substr($2, 1, 1)) substr($2, 2) " ." } 1' >written.tsv
expect 0 "$tool" convert --from tsv written.tsv -o written.h5
words() { "$tool" vocab written.h5 --format tsv "$@" | cut -f2; }
check "vocab: small letters, no full stops" test "$(words | grep -cx 'A\|An\|\.')" = 0
check "vocab --tokenizer space: as written" test "$(words --tokenizer space | grep -cx 'A\|An\|\.')" = 3
check "vocab --keep-punctuation: full stops" test "$(words --keep-punctuation | grep -cx 'A\|An\|\.')" = 1
rare=$("$tool" vocab written.h5 --format tsv | awk -F'\t' '$1 > 1 && $3 < 20' | wc -l)
check "vocab --min-count 20: $rare words less" test "$rare" -gt 0 -a "$(words --min-count 20 | wc -l)" = \
  $(($(words | wc -l) - rare))
check "vocab --split: other counts" test "$("$tool" vocab written.h5 --format tsv --split test | md5sum)" != \
  "$("$tool" vocab written.h5 --format tsv | md5sum)"

# --- features
cat >tiny.net <<'NET'
fovea-net 1
input name=data height=16 width=16 channels=3 std=255
conv name=conv1 out=6 kernel=3 pad=same
relu name=relu1
max_pool name=pool1 kernel=4 stride=4
dense name=fc out=8
NET
expect 0 "$bn" convert --from scenes --kind shapes --count 64 --side 16 -o small.h5
expect 0 "$bn" train --data small.h5 --net tiny.net --batch 16 --steps 8 -o net.ckpt.h5
features=("$tool" features --model net.ckpt.h5 --layer pool1)
expect 0 "${features[@]}" --images set.h5 -o feats.h5
for options in '--fit stretch' '--crop 32' '--resize-side 20'; do
  # shellcheck disable=SC2086
  expect 0 "${features[@]}" --images set.h5 $options -o changed.h5
  check "features $options gives others" other_content changed.h5 feats.h5
done
expect 0 "${features[@]}" --images set.h5 --precision bf16 -o changed.h5
check "features --precision bf16" as_without_bf16 same_content changed.h5 feats.h5
items() { "$tool" --info "$1" | grep -A2 '"name": "item_id"' | sed -n 's/.*extents": \[\([0-9]*\).*/\1/p' | head -n 1; }
expect 0 "${features[@]}" --images set.h5 --split val -o some.h5
check "features --split" test "$(items some.h5)" -lt 60 -a "$(items some.h5)" -gt 20
expect 0 "${features[@]}" --images set.h5 --limit 50 -o few.h5
check "features --limit" test "$(items few.h5)" = 50
find flickr/Images -name '*01?.png' | sort -r >list.txt # ten of them
mapfile -t pictures <list.txt
printf 'no picture' >bad.png
{ echo bad.png && cat list.txt; } >bad-list.txt
expect 0 "${features[@]}" "${pictures[@]}" -o named.h5
expect 65 "${features[@]}" --list bad-list.txt -o none.h5
expect 0 "${features[@]}" --list bad-list.txt --skip-bad-images -o listed.h5
check "features --list and --skip-bad-images: the good ones" same_content listed.h5 named.h5

# --- train
train=("$tool" train --features feats.h5 --data set.h5 --preset tiny --hidden 8 --embedding 6 --units 5 --batch 8
  --steps 4 --eval-every 2)
expect 0 "${train[@]}" --metrics plain.jsonl -o soft.ckpt.h5
expect 0 "${train[@]}" --attention hard -o hard.ckpt.h5
for options in '--split val' '--split all' '--gate none' '--gate vector' '--embedding 7' '--hidden 9' '--units 6' \
  '--attention-layers 3' '--attention-activation relu' '--attention-temperature 3' '--init-layers 3' \
  '--output-layers 2' '--deep-output linear' --no-previous-to-output --no-context-to-output '--dropout 0' \
  '--forget-bias 1' '--init-weights xavier' '--vocabulary 8' '--min-count 20' '--max-length 5' '--lambda 3' \
  '--coverage-target 0.5' '--batch 9' '--batching padded' '--optimizer sgd' '--learning-rate 0.01' \
  '--weight-decay 0.1' '--clip-norm 0.01' '--preset flickr8k'; do
  # shellcheck disable=SC2086
  expect 0 "${train[@]}" $options -o changed.ckpt.h5
  check "train $options learns something else" other_content changed.ckpt.h5 soft.ckpt.h5
done
for options in '--lambda-r 0' '--lambda-e 1' '--reward sum' '--semi-sampling image' '--semi-sampling-p 1' \
  '--semi-sampling-p 0'; do
  # shellcheck disable=SC2086
  expect 0 "${train[@]}" --attention hard $options -o changed.ckpt.h5
  check "train $options learns something else" other_content changed.ckpt.h5 hard.ckpt.h5
done
for momentum in 0 0.9; do expect 0 "${train[@]}" --optimizer sgd --momentum $momentum -o momentum$momentum.ckpt.h5; done
check "train --momentum 0.9" other_content momentum0.ckpt.h5 momentum0.9.ckpt.h5
expect 0 "${train[@]}" --learning-rate 0.0625 --metrics rate.jsonl -o changed.ckpt.h5
check "train --learning-rate" near "$(logged rate.jsonl learning_rate 2)" 0.0625
expect 0 "${train[@]}" --split val --val-split test -o changed.ckpt.h5
has "train --split" "training: $(captions set.h5 --set val | wc -l) captions" err
has "train --val-split" "validation: $(captions set.h5 --set test | wc -l) captions" err
expect 0 "${train[@]}" --val-split= -o unheld.ckpt.h5
lacks "train --val-split '': none" 'validation:' err
check "and no best state" test ! -e unheld.best.ckpt.h5 -a -e changed.best.ckpt.h5
expect 0 "${train[@]}" --no-save-best -o worse.ckpt.h5
check "train --no-save-best" test ! -e worse.best.ckpt.h5
expect 65 "${train[@]}" --features few.h5 -o none.h5
expect 0 "${train[@]}" --features few.h5 --allow-missing -o changed.ckpt.h5
has "train --allow-missing says how many" 'images without features left out' err
expect 0 "${train[@]}" --vocabulary 8 -o changed.ckpt.h5
has "train --vocabulary 8" ': 8 words,' err
expect 0 "${train[@]}" --min-count 1000 -o changed.ckpt.h5
has "train --min-count 1000: the end and the unknown word" ': 2 words,' err
expect 0 "${train[@]}" --max-length 5 -o changed.ckpt.h5
has "train --max-length 5" 'captions of more than 5 words left out' err
for options in '--tokenizer space' --keep-punctuation; do
  # shellcheck disable=SC2086
  expect 0 "${train[@]}" --data written.h5 $options -o changed.ckpt.h5
  # shellcheck disable=SC2086
  has "train $options: its words" ": $(words $options --vocabulary 0 | sed 1d | wc -l) words," err
done
expect 0 "$tool" train --features feats.h5 --data set.h5 --preset coco --dry-run -o none.h5
coco=$(sed -n 's/^together  *\([0-9]*\) .*/\1/p' out)
expect 0 "$tool" train --features feats.h5 --data set.h5 --preset flickr30k --dry-run -o none.h5
check "train --preset coco: 1800 units, not 1000" less "$(sed -n 's/^together  *\([0-9]*\) .*/\1/p' out)" "$coco"
expect 0 "${train[@]}" --epochs 1 --steps 0 --dry-run -o none.h5
has "train --epochs: as many steps" "; \([0-9]*\) steps, \1 an epoch" out
expect 0 "${train[@]}" --steps 40 --learning-rate 1e-9 --dropout 0 --patience 2 --eval-every 1 -o tired.ckpt.h5
check "train --patience 2: nothing better" grep -q ' [3-9] steps, ' err
bleu() { # OPTION...: of the captions written for the reports
  rm -f bleu.jsonl
  expect 0 "${train[@]}" --learning-rate 0.05 --steps 30 --eval-every 30 --best bleu4 "$@" --metrics bleu.jsonl \
    -o bleu.ckpt.h5
  logged bleu.jsonl val_bleu4 30
}
free=$(bleu)
check "train --best bleu4 writes captions" test -n "$free"
check "train --beam 5: other captions" test "$(bleu --beam 5)" != "$free"
check "train --max-words 2: other captions" test "$(bleu --max-words 2)" != "$free"

# --- predict, with a model that has learnt to write something
expect 0 "$tool" train --features feats.h5 --data set.h5 --preset tiny --hidden 16 --embedding 8 --units 5 --batch 16 \
  --dropout 0 --steps 60 --learning-rate 0.02 --init-weights xavier -o taught.ckpt.h5
predict=("$tool" predict --model taught.ckpt.h5 --max-words 9)
for beam in 1 5; do
  expect 0 "$tool" predict --model bleu.ckpt.h5 --features feats.h5 --images set.h5 --split test --max-words 9 \
    --beam $beam --format tsv
  cp out beam$beam
done
check "predict --beam: other captions" other_bytes beam1 beam5
expect 0 "${predict[@]}" --backbone net.ckpt.h5 --images set.h5 --split test --limit 4 --format text
check "predict --limit" test "$(wc -l <out)" = 4
expect 0 "${predict[@]}" --features feats.h5 --images set.h5 --split test --limit 4 --format text
check "predict --features --limit" test "$(wc -l <out)" = 4
scored=("$tool" predict --model taught.ckpt.h5 --features feats.h5 --images set.h5 --split test --forced)
expect 0 "${scored[@]}" --format tsv
grep -v '^#' out >scores
expect 0 "${scored[@]}" --format tsv --limit 4
check "predict --forced --limit 4" test "$(grep -v '^#' out | cut -f1 | sort -u | wc -l)" = 4
for i in 0 1 2; do
  expect 0 "${scored[@]}" --format tsv --shard $i/3
  grep -v '^#' out
done >shares
check "predict --forced --shard: the shares are the whole" cmp -s shares scores
expect 0 "${scored[@]}" --format text --sample
check "predict --forced draws nothing, and says so" grep -q -e '--sample is ignored' err
expect 0 "${predict[@]}" --features feats.h5 --images set.h5 --split test -o found.h5
expect 0 "${predict[@]}" --features feats.h5 --images set.h5 --split test --no-attention -o plain.h5
check "predict --attention stores maps" grep -q '"captions/attention\|"attention' <("$tool" --info found.h5)
check "predict --no-attention does not" not grep -q '"name": ".*attention' <("$tool" --info plain.h5)
expect 0 "${predict[@]}" --backbone net.ckpt.h5 "${pictures[@]}" --format text
cp out plain
expect 65 "${predict[@]}" --backbone net.ckpt.h5 --list bad-list.txt --format text
expect 0 "${predict[@]}" --backbone net.ckpt.h5 --list bad-list.txt --skip-bad-images --format text
check "predict --list and --skip-bad-images: the good ones" cmp -s out plain

# --- compare
expect 0 "${train[@]}" --attention none -o mean.ckpt.h5
compare=("$tool" compare taught.ckpt.h5 mean.ckpt.h5 --features feats.h5 --data set.h5 --timing 0 --format tsv)
expect 0 "${compare[@]}" -o report.md
likelihood=$(field nll_per_word)
has "compare -o: the report" 'What does attention cost' report.md
expect 0 "${compare[@]}" --split val
check "compare --split: another likelihood" test "$(field nll_per_word)" != "$likelihood"
expect 0 "${compare[@]}" --batch 3
check "compare --batch changes nothing" near "$(field nll_per_word)" "$likelihood"
expect 0 "$tool" compare bleu.ckpt.h5 --features feats.h5 --data set.h5 --timing 0 --format tsv
quality=$(field bleu_4)
for options in '--beam 1' '--max-words 2'; do
  # shellcheck disable=SC2086
  expect 0 "$tool" compare bleu.ckpt.h5 --features feats.h5 --data set.h5 --timing 0 --format tsv $options
  check "compare $options: other captions" test "$(field bleu_4)" != "$quality"
done
expect 0 "${compare[@]}" --resamples 10 -o resampled.md
check "compare --resamples: other intervals" test "$(grep interval resampled.md)" != "$(grep interval report.md)"
expect 0 "${compare[@]}" --timing 1
check "compare --timing: times" less 0 "$(field caption_ms)"

# --- eval
evaluate=("$tool" eval --data written.h5 --format tsv)
expect 0 "${predict[@]}" --backbone net.ckpt.h5 --images set.h5 --split test --limit 5 -o few-found.h5
expect 65 "${evaluate[@]}" few-found.h5 --split test
expect 0 "${evaluate[@]}" few-found.h5 --split test --listed-only
check "eval --listed-only: the five" test "$(field images)" = 5
"$tool" convert --to tsv written.h5 --set test -o - 2>err | awk -F'\t' '
  !/^#/ && !seen[$1]++ {
    sub(/ \.$/, "", $2)
    printf "%s{\"image_id\":\"%s\",\"caption\":\"%s\"}", (n++ ? "," : "["), $1, $2
  }
  END { print "]" }' >good.json
expect 0 "${evaluate[@]}" --coco-results good.json
check "without full stops it is the same" test "$(field exact_match)" = 1
expect 0 "${evaluate[@]}" --coco-results good.json --keep-punctuation
check "eval --keep-punctuation: full stops are missed" test "$(field exact_match)" = 0

# --- show
show=("$tool" show found.h5 --cell 64)
expect 0 "${show[@]}" --images set.h5 -o plain.svg
for options in '--normalise caption' '--normalise none' '--style grey' '--style heat' --full-image --numbers \
  '--cell 80' '--columns 1'; do
  # shellcheck disable=SC2086
  expect 0 "${show[@]}" --images set.h5 $options -o changed.svg
  check "show $options draws something else" other_bytes changed.svg plain.svg
done
expect 0 "${show[@]}" --images set.h5 --title 'A sheet' -o sheet.svg
has "show --title" '>A sheet<' sheet.svg
expect 0 "${show[@]}" --images set.h5 --split test --limit 1 --count 9 -o limit.html
expect 0 "${show[@]}" --images set.h5 --split test --count 3 -o count.html
count() { grep -o '<img ' "$1" | wc -l; }
check "show --limit and --count" test "$(count limit.html)" -lt "$(count count.html)"
has "show --references: they are on the page" "$(captions set.h5 --set test | head -n 1)" count.html
expect 0 "${show[@]}" --images set.h5 --split test --count 3 --no-references -o bare.html
check "show --no-references" test "$(wc -c <bare.html)" -lt "$(wc -c <count.html)"
expect 65 "${show[@]}" --images set.h5 --split train -o none.svg
expect 0 "${predict[@]}" --features feats.h5 --images set.h5 --split test --n-best 2 -o two.h5
for rank in 0 1; do expect 0 "$tool" show two.h5 --cell 64 --images set.h5 --rank $rank -o rank$rank.svg; done
check "show --rank: another caption" other_bytes rank0.svg rank1.svg
expect 65 "$tool" show two.h5 --cell 64 --images set.h5 --rank 2 -o none.svg
expect 0 "${predict[@]}" --backbone net.ckpt.h5 "${pictures[@]}" -o found-files.h5
expect 65 "$tool" show found-files.h5 --cell 64 --list bad-list.txt --count 20 -o none.html
expect 0 "$tool" show found-files.h5 --cell 64 --list bad-list.txt --skip-bad-images --count 20 -o listed.html
check "show --list and --skip-bad-images: the ten good ones" test \
  "$(grep -o 'captions-[0-9]*.png' listed.html | sort -u | wc -l)" = 10

# --- merge
for i in 0 2; do expect 0 "${features[@]}" --images set.h5 --shard $i/3 -o part$i.h5; done
expect 65 "$tool" merge part0.h5 part2.h5 -o none.h5
expect 0 "$tool" merge part0.h5 part2.h5 --allow-missing -o parts.h5
has "merge --allow-missing marks the file" '"partial": 1' <("$tool" --info parts.h5)
check "nothing was written that should not be" test ! -e none.h5 -a ! -e none.svg -a ! -e none.html

exit $((failures > 0))
