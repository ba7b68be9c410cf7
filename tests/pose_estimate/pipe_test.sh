#!/usr/bin/env bash
# From a photograph to skeletons by pipes alone: rcnn-detect finds people, pose-estimate their joints, and draws them.
# Usage: FILE BUILD_DIR
# shellcheck source=tests/expect.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../expect.sh"
bn=$build/bn-train propose=$build/rcnn-propose detect=$build/rcnn-detect pose=$build/pose-estimate

# --- a detector of generated people and a small pose estimator
expect 0 "$pose" convert --from stick-figures --height 64 --width 96 --count 20 --min-beside 1 --max-beside 1 \
  --pictures set.h5 -o people.h5
expect 0 "$bn" convert --from scenes --kind shapes --count 64 -o small.h5
expect 0 "$bn" train --data small.h5 --net shapes-conv-bn --batch 16 --steps 8 -o net.ckpt.h5
expect 0 "$propose" run --images set.h5 --min-side 20 --scale 30,60 -o boxes.h5
expect 0 "$detect" features --model net.ckpt.h5 --images set.h5 --proposals boxes.h5 --top 60 --padding 4 --truth -o features.h5
expect 0 "$detect" train --features features.h5 --images set.h5 --model net.ckpt.h5 -o detector.ckpt.h5
expect 0 "$pose" train --data people.h5 --images set.h5 --input 64x96 --width 0.04 --batch 4 --steps 6 -o parts.ckpt.h5
expect 0 "$pose" train --data people.h5 --images set.h5 --stage spatial --init parts.ckpt.h5 --batch 4 --steps 2 -o pose.ckpt.h5

# --- the pipe and the files between give the same bytes
detect_people=("$detect" detect --model detector.ckpt.h5 --images set.h5 --split test --threshold -0.5 --max-per-image 3)
predict=("$pose" predict --model pose.ckpt.h5 --images set.h5 --threshold -0.5)
show=("$pose" show --images set.h5 --count 2)
expect 0 "${detect_people[@]}" -o found.h5
expect 0 "${predict[@]}" --boxes found.h5 -o poses.h5
expect 0 "${show[@]}" poses.h5 -o shown.png
"${detect_people[@]}" -q -o - | "${predict[@]}" -q --boxes - -o - | "${show[@]}" -q - -o piped.png
check "the pipe ends well" test "${PIPESTATUS[*]}" = "0 0 0"
check "the pipe draws the same picture" cmp -s piped.png shown.png
found=$("${detect_people[@]}" -q | grep -vc "^#")
people=$("$pose" convert --to csv poses.h5 -o - | tail -n +2 | grep -c .)
check "everybody found has joints ($found boxes, $people people)" test "$found" -gt 0 -a "$found" = "$people"

# --- one photograph by its path
cp "$root/share/demo/digit-3.png" photo.png
"$detect" detect -q --model detector.ckpt.h5 photo.png --threshold -1000 --max-per-image 2 -o - |
  "$pose" predict -q --model pose.ckpt.h5 photo.png --threshold -1000 --boxes - -o - |
  "$pose" show -q - --pictures photo.png -o photo-shown.png
check "a photograph's path does as well" test "${PIPESTATUS[*]}" = "0 0 0"
check "its picture is there" test -s photo-shown.png

# --- what does not fit is said
expect 65 "${predict[@]}" --boxes found.h5 --class dog -o none.h5
check "the class is named" grep -q "dog" err
expect 65 "$pose" predict --model pose.ckpt.h5 photo.png --boxes found.h5 -o none.h5
expect 65 "${predict[@]}" --boxes people.h5 -o none.h5
expect 64 "${predict[@]}" --boxes found.h5 --data people.h5 -o none.h5
check "nothing is left behind" test ! -e none.h5

exit $((failures > 0))
