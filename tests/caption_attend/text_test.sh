#!/usr/bin/env bash
# caption-attend's work with text: converters both ways, vocabulary, scores, drawings, bad input. Usage: FILE BUILD_DIR
# shellcheck source=tests/expect.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../expect.sh"
tool=$build/caption-attend bn=$build/bn-train

# --- generated scenes: shards, threads, splits
expect 0 "$tool" convert --from scenes --count 84 --side 48 --test-fraction 0.5 --val-fraction 0 --threads 1 -o scenes.h5
expect 0 "$tool" convert --from scenes --count 84 --side 48 --test-fraction 0.5 --val-fraction 0 --threads 2 -o threads.h5
check "1 and 2 threads draw the same" cmp -s scenes.h5 threads.h5
for i in 0 1 2; do expect 0 "$tool" convert --from scenes --count 84 --side 48 --test-fraction 0.5 --val-fraction 0 --shard $i/3 -o part$i.h5; done
expect 0 "$tool" merge part2.h5 part0.h5 part1.h5 -o merged.h5
check "shards merge to the whole" cmp -s merged.h5 scenes.h5
expect 0 "$bn" convert --from scenes --kind captions --count 6 -o bn.h5
expect 64 "$tool" convert --from scenes input.txt -o none.h5
expect 64 "$tool" convert scenes.h5 -o none.h5

# --- every format there and back
expect 0 "$tool" convert --to tsv scenes.h5 -o scenes.tsv
check "a caption of the grammar" grep -qE $'\t(a|an) [a-z]+ [a-z]+ (left of|above) (a|an) [a-z]+ [a-z]+\t' scenes.tsv
mkdir flickr
expect 0 "$tool" convert --to flickr8k scenes.h5 -o flickr
for format in karpathy coco; do expect 0 "$tool" convert --to $format scenes.h5 -o scenes.$format; done
expect 0 "$tool" convert --from flickr8k flickr --pictures flickr/Images --strict -o flickr.h5
expect 0 "$tool" convert --from karpathy scenes.karpathy --pictures flickr/Images -o karpathy.h5
expect 0 "$tool" convert --from coco scenes.coco --pictures flickr/Images --split train -o coco.h5
expect 0 "$tool" convert --from tsv scenes.tsv -o plain.h5
expect 0 "$tool" verify flickr.h5 karpathy.h5 coco.h5 plain.h5
check "Karpathy's JSON keeps all that Flickr's files keep" test "$(hash_of karpathy.h5)" = "$(hash_of flickr.h5)"
for set in flickr karpathy plain; do
  expect 0 "$tool" convert --to tsv $set.h5 -o - --set test
  cut -f2 out >$set.captions
  expect 0 "$tool" convert --to tsv scenes.h5 -o - --set test
  check "captions of $set" diff -q $set.captions <(cut -f2 out)
done
expect 64 "$tool" convert --from flickr8k flickr --set nowhere -o none.h5

# --- what is wrong with input
printf 'a.jpg#0\tgood\na.jpg#1\tbad \xff\n' >bytes.txt
expect 65 "$tool" convert --from flickr8k bytes.txt -o none.h5
check "the line of bad UTF-8" grep -q 'bytes.txt:2: expected a caption in UTF-8' err
printf '../a.jpg#0\tgood\n' >climb.txt
expect 65 "$tool" convert --from flickr8k climb.txt -o none.h5
{ printf 'a.jpg#0\t' && head -c 1048576 /dev/zero | tr '\0' x && printf '\na.jpg#1\tok \xf0\x9f\x90\xb6\na.jpg#2\t \n'; } >long.txt
expect 0 "$tool" convert --from flickr8k long.txt -o long.h5
check "over-long is counted" grep -q '1 caption(s) of more than 4096 bytes' err
check "empty is counted" grep -q '1 empty caption(s)' err
expect 65 "$tool" convert --from flickr8k long.txt --strict -o none.h5
printf '{"images":[{"id":1}],"annotations":[{"id":1,"image_id":1,"caption":"\\ud800"}]}' >surrogate.json
expect 65 "$tool" convert --from coco surrogate.json -o none.h5
printf '{"images":[{"id":1},{"id":1}],"annotations":[]}' >twice.json
expect 65 "$tool" convert --from coco twice.json -o none.h5
printf '{"images":[' >cut.json
expect 65 "$tool" convert --from karpathy cut.json -o none.h5
expect 66 "$tool" convert --from tsv missing.tsv -o none.h5
printf 'captions-000000.png\tx\nabsent.png\ty\n' >absent.tsv
expect 0 "$tool" convert --from tsv absent.tsv --pictures flickr/Images -o absent.h5
check "a missing picture is counted" grep -q '1 image(s) with captions have no picture' err
expect 65 "$tool" convert --from tsv absent.tsv --pictures flickr/Images --strict -o none.h5
printf 'not a picture' >flickr/Images/broken.png
printf 'captions-000000.png\tx\nbroken.png\ty\n' >broken.tsv
expect 65 "$tool" convert --from tsv broken.tsv --pictures flickr/Images -o none.h5
expect 0 "$tool" convert --from tsv broken.tsv --pictures flickr/Images --skip-bad-images -o skipped.h5
expect 65 "$tool" convert --from karpathy scenes.karpathy --max-memory 4K -o none.h5
check "nothing was written" test ! -e none.h5

# --- vocabulary
expect 0 "$tool" vocab scenes.h5 --vocabulary 10
check "ten entries" test "$(grep -vc '^#' out)" = 10
check "the first is <end>" grep -q $'^0\t<end>\t' out
expect 65 "$tool" vocab scenes.h5 --split nowhere
expect 64 "$tool" vocab scenes.h5 --vocabulary 2

# --- scores: two sets of captions of the test split, as result lists
"$tool" convert --to tsv scenes.h5 --set test -o - 2>/dev/null | awk -F'\t' '
  !/^#/ && !seen[$1]++ { print $1 "\t" $2 }' >first.tsv
awk -F'\t' 'BEGIN { print "[" } { printf "%s{\"image_id\":\"%s\",\"caption\":\"%s\"}\n", (NR > 1 ? "," : ""), $1, $2 } END { print "]" }' first.tsv >good.json
sed 's/left of/above/; s/star\|ring/circle/g' good.json >bad.json
for name in good bad; do expect 0 "$tool" convert --from coco-results $name.json -o $name.h5; done
expect 0 "$tool" verify good.h5 bad.h5
evaluate=("$tool" eval --data scenes.h5 --format tsv)
expect 0 "${evaluate[@]}" good.h5 --split test
check "perfect captions score 1" test "$(field exact_match)" = 1 -a "$(field rouge_l)" = 1
cp out good.tsv
# shellcheck disable=SC2016
expect 0 bash -c '"$0" eval --data scenes.h5 --format tsv --pred - --split test <good.h5 | cmp - good.tsv' "$tool"
expect 0 "${evaluate[@]}" --coco-results good.json
check "a result list scores as its captions" cmp -s out good.tsv
expect 0 "${evaluate[@]}" bad.h5 --threads 1 --bootstrap 100
cp out one.tsv
expect 0 "${evaluate[@]}" bad.h5 --threads 2 --bootstrap 100
check "intervals do not depend on the threads" cmp -s out one.tsv
expect 0 "${evaluate[@]}" good.h5 --versus bad.h5 --bootstrap 200
# shellcheck disable=SC2016
check "better than chance" awk -F'\t' '$1 == "cider_d" { found = $5 > 0 && $7 < 0.05 } END { exit !found }' out
expect 0 "${evaluate[@]}" bad.h5 --report images
check "a row for each image" test "$(grep -vc '^#' out)" = "$(wc -l <first.tsv)"
expect 0 "${evaluate[@]}" bad.h5 --report length --length-bins 4,12
expect 0 "${evaluate[@]}" bad.h5 --idf-from plain.h5 --idf-split train
expect 0 "${evaluate[@]}" bad.h5 --tokenizer space --export-coco back.json
check "exported as it came" test "$(grep -c image_id back.json)" = "$(wc -l <first.tsv)"
expect 0 "${evaluate[@]}" good.h5 --require 'cider_d>=5'
expect 1 "${evaluate[@]}" bad.h5 --require 'exact_match>=0.99'
expect 64 "${evaluate[@]}" bad.h5 --require 'spice>=0.1'
expect 65 "${evaluate[@]}" good.h5 --split train
check "unmeasured images are named" grep -q 'of split train have no caption' err
expect 65 "${evaluate[@]}" good.h5 --report pointing
expect 65 "$tool" eval good.h5 --data bn.h5
check "an unknown image" grep -q 'expected an image of bn.h5' err
expect 64 "$tool" eval good.h5
expect 66 "${evaluate[@]}" good.h5 --wordnet nowhere
printf '[{"image_id":1,"caption":"a dog"}]' >result.json
printf '{"images":[{"id":1}],"annotations":[{"id":1,"image_id":1,"caption":"a dog"}]}' >annotation.json
expect 0 "$tool" eval --coco-annotations annotation.json --coco-results result.json

# --- drawings, here without attention
expect 0 "$tool" show good.h5 --images scenes.h5 -o show.png
expect 0 "$tool" show good.h5 --images scenes.h5 --count 3 -o show.html
check "a page with the captions and no other file" bash -c 'grep -q "data:image/jpeg;base64" show.html && ! grep -q "src=\"[^d]" show.html'
mkdir words
expect 0 "$tool" show good.h5 --images scenes.h5 --per-word words
check "files of cells" test -n "$(ls words)"
expect 64 "$tool" show good.h5 --images scenes.h5
expect 64 "$tool" show good.h5 --images scenes.h5 -o show.gif
expect 73 "$tool" show good.h5 --images scenes.h5 -o nowhere/show.png
expect 64 "$tool" show good.h5 --images scenes.h5 --id nobody -o none.png
expect 65 "$tool" show scenes.h5 --images scenes.h5 -o none.png
expect 0 "$tool" convert --to coco-results good.h5 -o results.json
expect 0 "$tool" convert --to tsv good.h5 -o good.captions
check "captions as they came" diff -q <(cut -f2 good.captions | tail -n +2) <(cut -f2 first.tsv)

exit $((failures > 0))
