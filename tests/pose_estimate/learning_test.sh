#!/usr/bin/env bash
# What each stage of pose-estimate must add on generated pictures of two people, one of them meant: the part detector
# can't know which; the torso's hint tells the spatial model; joint training places joints better still.
# Usage: FILE BUILD_DIR
# shellcheck source=tests/expect.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../expect.sh"
pose=$build/pose-estimate

expect 0 "$pose" convert --from stick-figures --height 64 --width 96 --count 260 --noise 0.3 --min-beside 1 --max-beside 1 \
  --pictures set.h5 -o people.h5
train=("$pose" train --data people.h5 --images set.h5 --batch 8 --fg-weight 4 --scale-low 0.9 --scale-high 1.1 --rotation 5)
expect 0 "${train[@]}" --input 64x96 --width 0.06 --banks 1 --batch-norm --dropout 0 --steps 200 --learning-rate 0.01 \
  -o detector.ckpt.h5
expect 0 "${train[@]}" --stage spatial --init detector.ckpt.h5 --steps 80 --learning-rate 0.003 \
  -o spatial.ckpt.h5
expect 0 "${train[@]}" --stage joint --init spatial.ckpt.h5 --steps 60 --learning-rate 0.001 \
  --aux-weight 0.1 -o joint.ckpt.h5
for stage in spatial joint; do
  expect 0 "$pose" predict --data people.h5 --images set.h5 --split test --model $stage.ckpt.h5 -o $stage.poses.h5
done

person() { # POSES PART: percent of test people whose prediction is nearest to themselves
  "$pose" eval -q --truth people.h5 --pred "$1" --part "$2" --split test --metric person --format tsv |
    awk -F'\t' '$1 == "right_person" { print $2 }'
}
rate() { # POSES PART: percent of all joints within 20 % of the torso
  "$pose" eval -q --truth people.h5 --pred "$1" --part "$2" --split test --metric pdj --format tsv |
    awk -F'\t' '$1 == "all" && $2 == 20 { print $3 }'
}
# shellcheck disable=SC2317  # called by check
at_least() { awk -v found="$1" -v wanted="$2" 'BEGIN { exit !(found != "" && found + 0 >= wanted + 0) }'; }
# shellcheck disable=SC2317
more() { at_least "$1" "$(awk -v than="$2" -v by="$3" 'BEGIN { print than + by }')"; }

alone=$(person spatial.poses.h5 detector)
check "the detector alone can't know who is meant ($alone %)" at_least 75 "${alone:-100}"
for stage in spatial joint; do
  found=$(person $stage.poses.h5 spatial)
  check "$stage: the torso tells who is meant ($found %)" at_least "$found" 90
done
detector=$(rate spatial.poses.h5 detector) spatial=$(rate spatial.poses.h5 spatial) joint=$(rate joint.poses.h5 spatial)
check "the spatial model finds more joints ($detector, then $spatial %)" more "$spatial" "$detector" 12
check "joint training finds more still ($joint %)" more "$joint" "$spatial" 2

exit $((failures > 0))
