#!/usr/bin/env bash
# Damaged files of every kind that the tools write, given to a command that reads them:
# share/experiments/robustness/damage, whose long form is `make -C share/experiments/robustness damage`. What the
# library makes of damage to HDF5 structures, byte by byte, is in tests/bad_input; this is what the command line adds:
# codes, one line, no output, memory. Usage: FILE BUILD_DIR
# shellcheck source=tests/expect.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../expect.sh"
PATH=$build:$PATH
damage=$root/share/experiments/robustness/damage

# What the smallest datasets hide from a reader is a limit that share/doc/robustness.md tells; everything else must be seen.
"$damage" 8 1 set.h5:set.json net.ckpt.h5:folded.ckpt.h5 gat.ckpt.h5:adv.h5 boxes.h5:boxes.tsv \
  features.h5:found.h5 found.h5:found.json grid.h5:said.h5 said.h5:said.tsv adv.h5:report.md maps.h5:cached.ckpt.h5 \
  poses.h5:poses.csv net.npz:back.ckpt.h5 boxes.tsv:again.h5 captions.json:plain.h5 poses.csv:read.h5 >out 2>err </dev/null
cat out
grep -h "FAILED: " out err | grep -v "wrong values went unnoticed" && failures=$((failures + 1))
check "files of all kinds" test "$(grep -c '^fovea\.' out)" = 9
# shellcheck disable=SC2016
check "each was damaged, and most was refused" \
  awk -F'\t' '!/^#/ && ($3 < 20 || $4 < $3 / 3) { bad = 1 } END { exit bad }' out

# --- bytes that only begin like an HDF5 file
printf '\x89HDF\r\n\x1a\n%4000s' ' ' >header.h5
for command in "bn-train eval header.h5 --data header.h5" "rcnn-propose eval header.h5 --truth header.h5" \
  "rcnn-detect eval header.h5 --truth header.h5" "caption-attend eval header.h5 --data header.h5" \
  "advgen-train eval header.h5 --data header.h5" "pose-estimate eval --truth header.h5 --pred header.h5"; do
  read -ra words <<<"$command"
  expect 65 "${words[@]}"
  check "one line of error: $command" test "$(grep -c ': error: header.h5: ' err)" = 1
done

# --- pictures that are none, or claim to be large: 100000 x 100000 pixels in 33 bytes
printf 'not a picture' >text.png
head -c 100 "$root/share/demo/digit-3.png" >cut.png
printf 'P6\n100000 100000\n255\n' >large.ppm
printf '\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\1\206\240\0\1\206\240\10\2\0\0\0' >large.png
for picture in text.png cut.png large.ppm large.png; do
  expect 65 rcnn-propose run "$picture" -o none.h5
  check "$picture is named" grep -q "error: $picture: " err
  check "one line for $picture" test "$(grep -c ': error: ' err)" = 1
done
check "nothing is written" test ! -e none.h5

exit $((failures > 0))
