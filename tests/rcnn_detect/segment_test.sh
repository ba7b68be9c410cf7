#!/usr/bin/env bash
# rcnn-detect segment on generated scenes with label maps: training, maps, intersection over union, what is refused.
# Usage: FILE BUILD_DIR
# shellcheck source=tests/expect.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../expect.sh"
bn=$build/bn-train propose=$build/rcnn-propose detect=$build/rcnn-detect

# --- scenes with label maps
mkdir maps shards found pictures
scenes=("$bn" convert --from scenes --kind shapes --count 60 --side 96 --max-objects 3 --test-fraction 0.25)
expect 0 "${scenes[@]}" --label-maps maps -o set.h5
expect 0 "${scenes[@]}" -o plain.h5
check "label maps change nothing in the set" cmp -s set.h5 plain.h5
check "a map for each scene" test "$(find maps -name '*.png' | wc -l)" = 60
check "names of the ground and 8 classes" test "$(wc -l <maps/class_names.txt)" = 9
for i in 1 0; do expect 0 "${scenes[@]}" --shard $i/2 --label-maps shards -o part$i.h5; done
check "shards write the same maps" diff -r maps shards
expect 64 "$bn" convert --from scenes --kind digits --count 2 --label-maps maps -o none.h5
expect 73 "$bn" convert --from scenes --kind shapes --count 2 --label-maps nowhere -o none.h5
expect 73 "${scenes[@]}" --label-maps maps --no-clobber -o none.h5

# --- a backbone, regions with masks, features
expect 0 "$bn" convert --from scenes --kind shapes --count 1600 -o small.h5
expect 0 "$bn" train --data small.h5 --net shapes-conv-bn --batch 32 --epochs 3 --learning-rate 0.05 --momentum 0.9 -o net.ckpt.h5
expect 0 "$propose" run --images set.h5 --min-side 8 --scale 30,60 --masks --top 100 -o boxes.h5
for split in train test; do
  expect 0 "$detect" features --model net.ckpt.h5 --images set.h5 --split $split --proposals boxes.h5 --padding 4 --layer pool3 --grid 2 --region full+fg -o $split.h5
done

# --- training
train=("$detect" segment --train --features train.h5 --proposals boxes.h5 --model net.ckpt.h5 --truth maps --classes maps/class_names.txt --cost 0.1)
expect 0 "${train[@]}" --threads 1 --format tsv -o seg.ckpt.h5
check "a row for each class" test "$(grep -vc '^#' out)" = 8
expect 0 "${train[@]}" --threads 2 -o again.ckpt.h5
check "1 and 2 threads train the same" cmp -s seg.ckpt.h5 again.ckpt.h5
expect 0 "${train[@]}" --mode quality --min-side 30 -o again.ckpt.h5
check "search options of training are reported" test "$(grep -c 'is ignored: it is not used with --train' err)" = 2
check "and ignored" test "$(hash_of seg.ckpt.h5)" = "$(hash_of again.ckpt.h5)"

# --- maps and their score
segment=("$detect" segment --model seg.ckpt.h5 --truth maps --background 0.5 --format tsv)
expect 0 "${segment[@]}" --features test.h5 --proposals boxes.h5 -o found
check "background, 8 classes, mean" test "$(grep -vc '^#' out)" = 10
# shellcheck disable=SC2016
check "mean intersection over union above 0.45" awk -F'\t' '$1 == "mean" { good = $2 > 0.45 } END { exit !good }' out
check "a map for each test picture" test "$(find found -name '*.png' | wc -l)" = 12
cp out score
expect 0 "${segment[@]}" --images set.h5 --split test --proposals boxes.h5 -o pictures
check "features and pictures give the same maps" diff -r found pictures
check "and the same score" cmp -s score out
mkdir first
expect 0 "$detect" segment --model seg.ckpt.h5 --features test.h5 --proposals boxes.h5 --limit 4 -o first
check "segment --features --limit 4" test "$(find first -name '*.png' | wc -l)" = 4
expect 0 "${segment[@]}" --features test.h5 --proposals boxes.h5 --background 1
# shellcheck disable=SC2016
check "nothing is pasted above 1: all background" awk -F'\t' '$1 == "star" { good = $4 == 0 } END { exit !good }' out

# --- what is refused
expect 0 "$propose" run --images set.h5 --min-side 8 --scale 30,60 --top 100 -o bare.h5
expect 65 "${segment[@]}" --features test.h5 --proposals bare.h5
check "proposals without masks say so" grep -q 'rcnn-propose run --masks' err
expect 65 "${segment[@]}" --model net.ckpt.h5 --features test.h5 --proposals boxes.h5
check "a network is no segmenter" grep -q 'segment --train' err
expect 64 "${train[@]}" --images set.h5 -o none.h5
expect 73 "${segment[@]}" --features test.h5 --proposals boxes.h5 -o nowhere
expect 66 "${segment[@]}" --features test.h5 --proposals boxes.h5 --truth found/..
"$bn" convert --from scenes --kind shapes --count 60 --side 64 --label-maps pictures -o none64.h5 2>/dev/null
expect 65 "${segment[@]}" --features test.h5 --proposals boxes.h5 --truth pictures
check "maps of another size say so" grep -q '96x96, as the picture' err
expect 65 "${train[@]}" --max-memory 8M -o none.h5
check "regions beyond the memory say so" grep -q 'features --top' err
check "no output of failed commands" test ! -e none.h5

if [ "$failures" -gt 0 ]; then
  printf '%s failure(s)\n' "$failures"
  exit 1
fi
