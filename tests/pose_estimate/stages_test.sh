#!/usr/bin/env bash
# pose-estimate's three training stages on generated people: threads, interruption and resumption in each stage, cached
# maps, prediction in shards, evaluation, pictures. Usage: FILE BUILD_DIR
# shellcheck source=tests/expect.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../expect.sh"
pose=$build/pose-estimate

# --- generated people
draw=("$pose" convert --from stick-figures --height 64 --width 96 --count 40)
expect 0 "${draw[@]}" --threads 1 --pictures set.h5 -o people.h5
expect 0 "${draw[@]}" --threads 2 --pictures set2.h5 -o people2.h5
check "1 and 2 threads draw the same" cmp -s people.h5 people2.h5
check "1 and 2 threads draw the same pictures" cmp -s set.h5 set2.h5
expect 0 "$pose" verify people.h5 set.h5

# --- stage after stage: whole, in two pieces, on another number of threads
data=(--data people.h5 --images set.h5 --batch 4 --report-every 3)
small=(--input 64x96 --width 0.04)
stage() { # NAME OPTIONS...: NAME.ckpt.h5 at once, NAME-two.ckpt.h5 stopped and continued
  local name=$1
  shift
  expect 0 "$pose" train "${data[@]}" "$@" --steps 6 --schedule constant --threads 2 -o "$name.ckpt.h5"
  expect 0 "$pose" train "${data[@]}" "$@" --steps 3 --schedule constant --threads 1 -o "$name-two.ckpt.h5"
  expect 0 "$pose" train "${data[@]}" "$@" --steps 6 --schedule constant --threads 1 --resume -o "$name-two.ckpt.h5"
  check "$name: continued = uninterrupted" same_content "$name.ckpt.h5" "$name-two.ckpt.h5"
}
stage detector "${small[@]}" --validation test
stage spatial --stage spatial --init detector.ckpt.h5 --validation test
stage joint --stage joint --init spatial.ckpt.h5 --aux-weight 0.5
stage tied --stage spatial --init detector.ckpt.h5 --mirror-tie --edges 'wrist|elbow,elbow|shoulder,wrist|torso'
expect 75 timeout --preserve-status -s TERM 6 "$pose" train "${data[@]}" --stage joint --init spatial.ckpt.h5 --steps 100000 -o stopped.ckpt.h5
expect 0 "$pose" verify stopped.ckpt.h5 joint.ckpt.h5
expect 65 "$pose" train "${data[@]}" --stage spatial --init detector.ckpt.h5 --validation test --steps 9 --schedule constant --beta 2 --resume -o spatial.ckpt.h5
check "it says what differs" grep -q 'beta' err

# --- people cut out of their pictures, in training and for prediction
stage cut --crop joints --margin 1.5 --input 48x48 --width 0.04
expect 0 "$pose" predict --model cut.ckpt.h5 --data people.h5 --images set.h5 --split test -o cut.h5
for file in people cut; do expect 0 "$pose" convert --to csv "$file.h5" -o "$file.csv"; done
# Nothing is found outside the square around the joints that is 1.5 times as large, and a cell of 4/48 of it further.
# shellcheck disable=SC2016
check "joints lie in what was cut out" awk -F, '
  FNR == 1 { for (i = 1; i <= NF; ++i) kind[i] = $i ~ /^(torso|head)_[xy][12]$/ ? "" : $i ~ /_x$/ ? "x" : $i ~ /_y$/ ? "y" : "" }
  FNR == 1 { next }
  { key = $1 " " $2 }
  NR == FNR {
    for (i = 1; i <= NF; ++i) if (kind[i] != "" && $i != "") {
      k = key " " kind[i]
      if (!(k in low) || $i < low[k]) low[k] = $i
      if (!(k in high) || $i > high[k]) high[k] = $i
    }
    next
  }
  {
    ++seen
    side = high[key " x"] - low[key " x"]
    if (high[key " y"] - low[key " y"] > side) side = high[key " y"] - low[key " y"]
    for (i = 1; i <= NF; ++i) if (kind[i] != "" && $i != "") {
      far = $i - (low[key " " kind[i]] + high[key " " kind[i]]) / 2
      if (far < 0) far = -far
      if (far > side * 1.5 * (0.5 + 4 / 48)) bad = 1
    }
  }
  END { exit bad || !seen }' people.csv cut.csv
expect 0 "$pose" predict --model cut.ckpt.h5 --images set.h5 --split test -o whole.h5
check "whole pictures are not what it knows" grep -q 'give --boxes' err
expect 64 "$pose" train "${data[@]}" "${small[@]}" --crop head --steps 1 -o none.ckpt.h5

# --- prediction: shards and threads do not change it
predict=("$pose" predict --model joint.ckpt.h5 --data people.h5 --images set.h5 --split test)
expect 0 "${predict[@]}" -o found.h5 --heatmaps maps.h5
expect 0 "${predict[@]}" --threads 1 -o threads.h5
check "1 thread finds the same" cmp -s found.h5 threads.h5
for i in 2 0 1; do expect 0 "${predict[@]}" --shard $i/3 -o "part$i.h5" --heatmaps "maps$i.h5"; done
expect 0 "$pose" merge part2.h5 part0.h5 part1.h5 -o merged.h5
check "shards merge to the whole" cmp -s merged.h5 found.h5
expect 0 "$pose" merge maps1.h5 maps0.h5 maps2.h5 -o merged-maps.h5
check "shards of maps merge to the whole" cmp -s merged-maps.h5 maps.h5
expect 0 "$pose" verify found.h5 maps.h5
expect 0 "${predict[@]}" --test-flip -o flipped.h5
check "averaging with the mirrored picture changes it" test "$(hash_of flipped.h5)" != "$(hash_of found.h5)"
expect 0 "${predict[@]}" --test-scales 1 -o one-scale.h5
check "one scale is the default" same_content one-scale.h5 found.h5
expect 0 "${predict[@]}" --test-scales 0.8,1,1.25 --test-flip -o scales.h5
check "averaging over scales changes it" test "$(hash_of scales.h5)" != "$(hash_of flipped.h5)"
expect 64 "${predict[@]}" --test-scales 0 -o none.h5
expect 0 "${predict[@]}" --no-torso-hints -o no-hint.h5
check "so does leaving out the torso" test "$(hash_of no-hint.h5)" != "$(hash_of found.h5)"

# --- the spatial stage on cached maps leaves the detector alone
expect 0 "$pose" predict --model detector.ckpt.h5 --data people.h5 --images set.h5 --split train --heatmaps train-maps.h5
expect 0 "$pose" train "${data[@]}" --stage spatial --init detector.ckpt.h5 --heatmaps train-maps.h5 --steps 4 --schedule constant -o cached.ckpt.h5
expect 0 "$pose" predict --model cached.ckpt.h5 --data people.h5 --images set.h5 --split train --heatmaps after.h5
detector_of() { h5dump -d /detector "$1" 2>/dev/null | tail -n +2 | cksum; }
if command -v h5dump >/dev/null; then
  check "the detector's maps are bit-identical" test "$(detector_of train-maps.h5)" = "$(detector_of after.h5)"
fi

# --- evaluation
for metric in pdj pck pcp person; do
  expect 0 "$pose" eval --truth people.h5 --pred found.h5 --split test --metric $metric --format tsv
  check "$metric reports" test "$(wc -l <out)" -gt 1
done
expect 0 "$pose" eval --truth people.h5 --pred people.h5 --split test --radii 0 --require 'rate>=100'
expect 1 "$pose" eval --truth people.h5 --pred found.h5 --split test --radii 0 --require 'rate>=100'
expect 65 "$pose" eval --truth people.h5 --pred found.h5 --split test --metric pckh
expect 0 "$pose" eval --truth people.h5 --pred found.h5 --split test --part detector --bootstrap 50 --format jsonl
# shellcheck disable=SC2016
expect 0 bash -c '"$0" predict --model joint.ckpt.h5 --data people.h5 --images set.h5 --split test -o - | "$0" eval --truth people.h5 --pred - --split test --format tsv' "$pose"

# --- pictures
show=("$pose" show)
expect 0 "${show[@]}" found.h5 --images set.h5 --truth people.h5 --split test --count 2 -o overlay.png
expect 0 "${show[@]}" --what heatmaps maps.h5 --images set.h5 --count 1 --joints left_wrist,neck -o maps.png
expect 0 "${show[@]}" --what kernels joint.ckpt.h5 --joints left_wrist,left_elbow,torso -o kernels.svg
expect 0 "${show[@]}" --what kernels joint.ckpt.h5 --start spatial.ckpt.h5 --joints neck,torso -o change.png
expect 0 "${show[@]}" --what curves found.h5 --truth people.h5 --split test --published wrist -o curves.svg
expect 0 "${show[@]}" --what pyramid joint.ckpt.h5 --images set.h5 --count 1 -o pyramid.png
expect 0 "${show[@]}" found.h5 --images set.h5 --count 2 --split test -o again.png
expect 0 "${show[@]}" found.h5 --images set.h5 --count 2 --split test --threads 1 -o again2.png
check "pictures are the same bytes" cmp -s again.png again2.png
expect 65 "${show[@]}" --what kernels detector.ckpt.h5 -o none.png
check "no picture of nothing" test ! -e none.png

exit $((failures > 0))
