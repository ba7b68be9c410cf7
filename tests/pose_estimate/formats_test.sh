#!/usr/bin/env bash
# pose-estimate convert in both directions, and what bad input gives. Usage: FILE BUILD_DIR
# shellcheck source=tests/expect.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../expect.sh"
pose=$build/pose-estimate

expect 0 "$pose" convert --from stick-figures --height 64 --width 64 --count 6 --max-beside 1 --pictures set.h5 -o people.h5

# --- CSV there and back
expect 0 "$pose" convert --to csv people.h5 -o people.csv
expect 0 "$pose" convert --from csv people.csv -o back.h5
expect 0 "$pose" convert --to csv back.h5 -o back.csv
check "CSV round trip is exact" cmp -s people.csv back.csv
expect 0 "$pose" eval --truth people.h5 --pred back.h5 --radii 0 --require 'rate>=100'

# --- COCO there and back
expect 0 "$pose" convert --to coco people.h5 -o people.json
expect 0 "$pose" convert --from coco people.json -o coco.h5
expect 0 "$pose" eval --truth people.h5 --pred coco.h5 --radii 0.001 --require 'rate>=100'
expect 0 "$pose" convert --to coco-results people.h5 -o -
check "results are a list" grep -q '"keypoints":\[' out

# --- COCO by hand: hidden, not labelled, crowd, nobody
points="10,20,2,30,40,1$(for _ in $(seq 15); do printf ',0,0,0'; done)"
cat >coco.json <<END
{"images":[{"id":7,"file_name":"a.jpg","width":90,"height":60},{"id":8,"file_name":"b.jpg","width":9,"height":6}],
 "annotations":[{"id":1,"image_id":7,"category_id":1,"keypoints":[$points],"bbox":[1,2,3,4],"iscrowd":0,"num_keypoints":2},
 {"id":2,"image_id":7,"category_id":1,"keypoints":[$points],"bbox":[1,2,3,4],"iscrowd":1,"num_keypoints":2}]}
END
expect 0 "$pose" convert --from coco coco.json -o hand.h5
check "states are kept" grep -q '1 joints visible, 1 occluded, 15 absent' err
check "an image without people stays" grep -q '1 people in 2 pictures' err
sed 's/10,20,2,//' coco.json >short.json
expect 65 "$pose" convert --from coco short.json -o x.h5
check "the joint count is named" grep -q 'expected 17 joints, found 16' err

# --- MPII as JSON counts from 1
printf '[{"image":"m.jpg","joints":[%s],"joints_vis":[1%s],"center":[1,1],"scale":1}]' \
  "[11,21]$(for _ in $(seq 15); do printf ',[-1,-1]'; done)" "$(for _ in $(seq 15); do printf ',0'; done)" >mpii.json
expect 0 "$pose" convert --from mpii mpii.json -o mpii.h5
expect 0 "$pose" convert --to csv mpii.h5 -o -
check "coordinates are 0-based" grep -q '^m.jpg,0,,,,,,,,,,10,20,2,,,0' out
printf '[{"image":"m.jpg","joints":[[1,2]],"joints_vis":[1]}]' >bad.json
expect 65 "$pose" convert --from mpii bad.json -o x.h5

# --- bad input: one line, the documented code, no file
one_line() { check "one line: $1" test "$(grep -c 'error:' err)" -eq 1; }
bad() { # CODE COMMAND...
  expect "$@"
  one_line "${*:2}"
  check "nothing was written" test ! -e x.h5
}
printf 'image,person\na,0\n' >header.csv
bad 65 "$pose" convert --from csv header.csv -o x.h5
{ head -n 1 people.csv && printf 'a.png,0,train\n'; } >fields.csv
bad 65 "$pose" convert --from csv fields.csv -o x.h5
bad 65 "$pose" convert --from lsp people.csv -o x.h5
bad 66 "$pose" convert --from lsp missing.mat -o x.h5
bad 66 "$pose" convert --from csv people.csv --images nowhere --pictures y.h5 -o x.h5
bad 64 "$pose" convert people.csv -o x.h5
bad 64 "$pose" convert --from stick-figures -o x.h5
bad 73 "$pose" convert --from csv people.csv -o nowhere/x.h5
bad 64 "$pose" train --data people.h5 --images set.h5 --input 30x40 -o x.h5
bad 64 "$pose" train --data people.h5 --images set.h5 --stage spatial -o x.h5
bad 64 "$pose" train --data people.h5 --images set.h5 --split nobody -o x.h5
bad 65 "$pose" train --data people.h5 --images set.h5 --joints flic-4 --input 64x64 -o x.h5
bad 65 "$pose" train --data set.h5 --images set.h5 -o x.h5
expect 0 "$pose" convert --from stick-figures --seed 2 --height 64 --width 64 --count 8 --pictures more.h5 -o more-people.h5
bad 65 "$pose" train --data more-people.h5 --images set.h5 --input 64x64 -o x.h5
expect 0 "$pose" convert --from csv --observer-centric people.csv -o observer.h5
bad 65 "$pose" eval --truth people.h5 --pred observer.h5
expect 0 "$pose" train --data people.h5 --images set.h5 --input 64x64 --width 0.03 --batch 2 --steps 1 -o net.ckpt.h5
bad 65 "$pose" train --data observer.h5 --images set.h5 --stage spatial --init net.ckpt.h5 -o x.h5
bad 65 "$pose" train --data people.h5 --images set.h5 --stage joint --init net.ckpt.h5 -o x.h5
bad 65 "$pose" predict --model people.h5 --images set.h5 -o x.h5
bad 64 "$pose" predict --model net.ckpt.h5 --images set.h5
bad 64 "$pose" train --data people.h5 --images set.h5 --stage spatial --init net.ckpt.h5 --edges 'wirst|elbow' -o x.h5
check "the nearest joint is proposed" grep -q 'hint:' err
expect 0 "$pose" train --data people.h5 --images set.h5 --dry-run --banks 3 --input 240x368 -o x.h5
check "shapes are printed" grep -q '23' out

exit $((failures > 0))
