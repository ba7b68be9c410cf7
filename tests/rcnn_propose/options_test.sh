#!/usr/bin/env bash
# What each option of rcnn-propose does: that it reaches the work, and is not taken and forgotten. Usage: FILE BUILD_DIR
# shellcheck source=tests/expect.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../expect.sh"
# shellcheck source=tests/mat5.sh
. "$root/tests/mat5.sh"
tool=$build/rcnn-propose detect=$build/rcnn-detect

expect 0 "$build/bn-train" convert --from scenes --kind shapes --count 40 --side 64 --max-objects 3 \
  --test-fraction 0.25 -o set.h5
mkdir voc
expect 0 "$detect" convert --to voc set.h5 -o voc
# Ten pictures as files; a list of them in another order, and one with a file that is no picture.
find voc/JPEGImages -name '*00.png' -o -name '*1?.png' | sort -r | head -n 10 >list.txt
printf 'no picture' >bad.png
{ echo bad.png && cat list.txt; } >bad-list.txt

# --- run: the search
run=("$tool" run --images set.h5 --split test --min-side 8)
strategy() { "$tool" --info "$1" | sed -n 's/.*"strategy": "selective search: \(.*\)"/\1/p'; }
boxes() { "$tool" convert --to tsv "$1" -o - | grep -vc '^#'; }
expect 0 "${run[@]}" -o base.h5
check "eight test pictures" grep -q ' of 8 pictures' err
for options in '--mode single' '--mode quality' '--colors rgb' '--similarities s' '--scale 300' '--sigma 0' \
  '--min-region 400' '--bins round' '--im-width 32' '--min-side 20' '--top 4'; do
  # shellcheck disable=SC2086
  expect 0 "${run[@]}" $options -o changed.h5
  check "run $options proposes others" other_content changed.h5 base.h5
done
check "run --top 4: four of each picture" test "$(boxes changed.h5)" = 32
expect 0 "${run[@]}" --mode single -o single.h5
expect 0 "${run[@]}" --mode quality --colors hsv --similarities ctsf --scale 100 -o spelt.h5
check "run --colors, --similarities and --scale say what --mode single says" same_content single.h5 spelt.h5
check "run --mode: more groupings, more boxes" test "$(boxes single.h5)" -lt "$(boxes base.h5)"
expect 0 "${run[@]}" --sigma 1.5 --min-region 70 -o described.h5
check "run --sigma, --min-region: on record" test "$(strategy described.h5)" = \
  'hsv,lab x CTSF,TSF x k=50,100, sigma 1.5, min region 70, min side 8, width as is'

# --- run: the pictures
for options in '--split test 8' '--split train 32' '--limit 3 3'; do
  # shellcheck disable=SC2086
  expect 0 "$tool" run --images set.h5 --min-side 8 --mode single ${options% *} -o some.h5
  check "run ${options% *}" grep -q " of ${options##* } pictures" err
done
mapfile -t pictures <list.txt
expect 0 "$tool" run "${pictures[@]}" --min-side 8 -o named.h5
expect 0 "$tool" run --list list.txt --min-side 8 -o listed.h5
check "run --list: as the pictures by name" same_content listed.h5 named.h5
expect 65 "$tool" run --list bad-list.txt --min-side 8 -o none.h5
expect 0 "$tool" run --list bad-list.txt --min-side 8 --skip-bad-images -o some.h5
check "run --skip-bad-images: the others" same_content some.h5 listed.h5

# --- eval
eval=("$tool" eval --truth voc.h5 --split '' --format tsv)
sed -i '0,/<difficult>0/s//<difficult>1/' voc/Annotations/*.xml # the first object of each picture
expect 0 "$detect" convert --from voc voc -o voc.h5
expect 0 "$tool" run --images voc.h5 --min-side 8 -o all.h5
expect 0 "$tool" run --images voc.h5 --min-side 8 --limit 5 -o few.h5
expect 0 "${eval[@]}" all.h5
easy=$(field objects)
expect 0 "${eval[@]}" all.h5 --count-difficult
check "eval --count-difficult: one more in each of 40 pictures" test "$(field objects)" = $((easy + 40))
expect 0 "${eval[@]}" few.h5
check "unlisted images count" test "$(field images)" = 40
expect 0 "${eval[@]}" few.h5 --listed-only
check "eval --listed-only: the five" test "$(field images)" = 5
expect 0 "${eval[@]}" all.h5 --iou 0.72,0.31
check "eval --iou: these columns" test "$(head -n 1 out | cut -f7-)" = $'recall_0.31\trecall_0.72'
check "recall falls with the overlap" less "$(field recall_0.72)" "$(field recall_0.31)"
expect 0 "${eval[@]}" all.h5 --counts 7,2 --report curve
check "eval --counts: these rows" test "$(cut -f1 out | tr '\n' ' ')" = '#count 2 7 all '
expect 0 "${eval[@]}" all.h5 --split train
check "eval --split" test "$(field images)" = 32

# --- show
show=("$tool" show all.h5)
pictures() { grep -c '<image ' "$1"; }
drawn() { grep -c 'stroke-width="2"' "$1"; } # boxes
expect 0 "${show[@]}" --images voc.h5 --count 3 --title 'A sheet' -o sheet.svg
check "show --count" test "$(pictures sheet.svg)" = 3
check "show --title" grep -q '>A sheet<' sheet.svg
expect 0 "${show[@]}" --images voc.h5 --count 3 --columns 1 -o column.svg
check "show --columns 1: one below the other" grep -q '<svg [^>]*width="444"' column.svg
expect 0 "${show[@]}" --images voc.h5 --what top --top 4 -o top.svg
check "show --top 4" test "$(drawn top.svg)" = 4
expect 0 "${show[@]}" --images voc.h5 --id shapes-000007,shapes-000003 -o named.svg
check "show --id" test "$(grep -o '>shapes-[0-9]*' named.svg | tr -d '\n')" = '>shapes-000007>shapes-000003'
expect 0 "${show[@]}" --images voc.h5 --split test -o split.svg
check "show --split test: a picture of it" grep -q "^$(grep -o 'shapes-[0-9]*' split.svg | head -n 1)$" \
  voc/ImageSets/Main/test.txt
expect 0 "${show[@]}" --images voc.h5 --limit 2 --count 5 -o limit.svg
check "show --limit 2" test "$(pictures limit.svg)" = 2
expect 65 "$tool" show named.h5 --list bad-list.txt --count 20 -o none.svg
expect 0 "$tool" show named.h5 --list bad-list.txt --count 20 --skip-bad-images -o listed.svg
check "show --list and --skip-bad-images: the ten good ones" test "$(pictures listed.svg)" = 10

# --- convert: boxes as MATLAB writes them. Two are y1 x1 y2 x2 from 1: (2,1) to (4,3) and (5,5) to (9,8).
mat_numbers found 2 4 2 5 1 5 4 9 3 8 | mat_file >photo_boxes.mat
rows() { "$tool" convert --to tsv "$1" -o - | grep -v '^#' | cut -f1-5 | tr '\t\n' ' ;'; }
expect 65 "$tool" convert --from mat photo_boxes.mat --size 20x30 -o none.h5
expect 0 "$tool" convert --from mat photo_boxes.mat --boxes found --size 20x30 -o mat.h5
check "convert --boxes: from 1, y first" test "$(rows mat.h5)" = 'photo 0 1 2 3;photo 4 4 7 8;'
expect 0 "$tool" convert --from mat photo_boxes.mat --boxes found --size 20x30 --order xyxy-0 --id other -o mat.h5
check "convert --order and --id: x first, from 0" test "$(rows mat.h5)" = 'other 2 1 4 3;other 5 5 9 8;'
expect 0 "$tool" convert --from mat photo_boxes.mat --boxes found --size 8x8 -o clipped.h5
check "convert --size 8x8 cuts what is outside" test "$(rows clipped.h5)" = 'photo 0 1 2 3;photo 4 4 7 7;'
{
  { mat_numbers '' 2 4 2 5 1 5 4 9 3 8 && mat_numbers '' 1 4 1 1 6 6; } | mat_array 1 boxes 2 1
  { mat_text first && mat_text second; } | mat_array 1 titles 2 1
} | mat_file >two.mat
expect 65 "$tool" convert --from mat two.mat --size 20x30 -o none.h5
expect 0 "$tool" convert --from mat two.mat --ids titles --size 20x30 -o mat.h5
check "convert --ids" test "$(rows mat.h5)" = 'first 0 1 2 3;first 4 4 7 8;second 0 0 5 5;'

# --- merge
for i in 0 2; do expect 0 "${run[@]}" --shard $i/3 -o part$i.h5; done
expect 65 "$tool" merge part0.h5 part2.h5 -o none.h5
expect 0 "$tool" merge part0.h5 part2.h5 --allow-missing -o parts.h5
check "merge --allow-missing marks the file" grep -q '"partial": 1' <("$tool" --info parts.h5)
check "nothing was written that should not be" test ! -e none.h5 -a ! -e none.svg

exit $((failures > 0))
