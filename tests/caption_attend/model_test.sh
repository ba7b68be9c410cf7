#!/usr/bin/env bash
# caption-attend's work with models: features, train, predict; shards, threads, batches, resume, bad input.
# Usage: FILE BUILD_DIR
# shellcheck source=tests/expect.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../expect.sh"
tool=$build/caption-attend bn=$build/bn-train

# --- data and a small backbone
expect 0 "$tool" convert --from scenes --count 168 --side 32 --test-fraction 0.25 --val-fraction 0.25 -o set.h5
expect 0 "$bn" convert --from scenes --kind shapes --count 64 -o small.h5
expect 0 "$bn" train --data small.h5 --net shapes-conv-bn --batch 16 --steps 8 -o net.ckpt.h5

# --- features: grids, shards, threads
features=("$tool" features --model net.ckpt.h5 --fit stretch --images set.h5)
for grid in conv1_bn:32x32 pool1:16x16 pool2:8x8 conv4:4x4; do
  expect 0 "${features[@]}" --layer "${grid%:*}" -o grid.h5
  check "${grid%:*} gives ${grid#*:} places" grep -q "${grid#*:} places" err
done
expect 0 "${features[@]}" --layer conv3 --threads 1 -o feats.h5
expect 0 "${features[@]}" --layer conv3 --threads 2 -o threads.h5
check "1 and 2 threads give the same features" cmp -s feats.h5 threads.h5
for i in 0 1 2; do expect 0 "${features[@]}" --layer conv3 --shard $i/3 -o part$i.h5; done
expect 0 "$tool" merge part1.h5 part0.h5 part2.h5 -o merged.h5
check "shards merge to the whole" cmp -s merged.h5 feats.h5
expect 0 "$tool" verify feats.h5
expect 64 "${features[@]}" --layer conv9 -o none.h5
expect 64 "${features[@]}" --layer fc5 -o none.h5
expect 64 "${features[@]}" --layer conv3 --fit crop --crop 32 --resize-side 8 -o none.h5
expect 0 "${features[@]}" --dry-run -o none.h5
expect 0 "${features[@]}" --layer conv3+position -o placed.h5
check "+position adds a row and a column to each vector" grep -q 'layer conv3_relu+position: 8x8 places of 98 features' err
expect 0 "${features[@]}" --layer +position --dry-run -o none.h5
expect 0 "${features[@]}" --dry-run -o none.h5
check "by default what the last max_pool reads, rectified" grep -q 'layer conv3_relu' err

# --- train: resume equals the straight run, hard attention's draws and baseline included
train=("$tool" train --features feats.h5 --data set.h5 --preset tiny --hidden 24 --embedding 16 --units 12 --batch 8 --eval-every 4)
for mode in soft hard; do
  expect 0 "${train[@]}" --attention $mode --steps 14 --semi-sampling image --threads 1 -o $mode.ckpt.h5 --metrics $mode.jsonl
  expect 0 "${train[@]}" --attention $mode --steps 8 --semi-sampling image --threads 2 -o resumed.ckpt.h5 --metrics resumed.jsonl
  expect 0 "${train[@]}" --attention $mode --steps 14 --semi-sampling image --threads 2 -o resumed.ckpt.h5 --metrics resumed.jsonl --resume
  check "$mode: resumed = straight" test "$(hash_of resumed.ckpt.h5)" = "$(hash_of $mode.ckpt.h5)"
  rm -f resumed.*
done
check "the log of hard attention has its terms" grep -q advantage_variance hard.jsonl
expect 0 "${train[@]}" --attention soft --steps 14 --semi-sampling image --cache 1 -o cached.ckpt.h5
check "a cache for one picture changes nothing" test "$(hash_of cached.ckpt.h5)" = "$(hash_of soft.ckpt.h5)"
for mode in none none-init blind; do expect 0 "${train[@]}" --attention $mode --steps 4 -o $mode.ckpt.h5; done
expect 0 "${train[@]}" --steps 4 --batching padded --optimizer rmsprop-graves --gate vector --attention-layers 3 --deep-output linear --best bleu4 -o other.ckpt.h5
expect 0 "${train[@]}" --steps 4 --init soft.ckpt.h5 -o warm.ckpt.h5
expect 0 "${train[@]}" --steps 4 --dry-run -o none.h5
check "a dry run counts parameters" grep -q 'parameters' out
expect 75 "${train[@]}" --epochs 4000 --max-time 1s -o timed.ckpt.h5
expect 0 "$tool" verify timed.ckpt.h5 soft.ckpt.h5

# --- predict: batches, threads, shards, pipes, pictures
predict=("$tool" predict --model soft.ckpt.h5 --features feats.h5 --images set.h5 --split test --max-words 8)
expect 0 "${predict[@]}" --batch 1 --threads 1 -o found.h5
expect 0 "${predict[@]}" --batch 7 --threads 2 -o batched.h5
check "the batch and the threads change nothing" cmp -s found.h5 batched.h5
for i in 0 1; do expect 0 "${predict[@]}" --shard $i/2 -o part$i.h5; done
expect 0 "$tool" merge part0.h5 part1.h5 -o merged.h5
check "shards merge to the whole" cmp -s merged.h5 found.h5
expect 0 "$tool" verify found.h5
expect 0 "$tool" convert --to tsv set.h5 --set test -o set.tsv
pictures=$(grep -v '^#' set.tsv | cut -f1 | sort -u | wc -l)
expect 0 "${predict[@]}" --format text
check "a line for each of the pictures" test "$(wc -l <out)" = "$pictures"
cp out text
expect 0 "$tool" predict --model soft.ckpt.h5 --backbone net.ckpt.h5 --images set.h5 --split test --max-words 8 --format text
check "captions from pictures are those from features" cmp -s out text
expect 0 "$tool" train --features placed.h5 --data set.h5 --preset tiny --hidden 24 --init-weights xavier --steps 4 -o placed.ckpt.h5
expect 0 "$tool" predict --model placed.ckpt.h5 --features placed.h5 --images set.h5 --split test --max-words 8 --format text
cp out placed.text
expect 0 "$tool" predict --model placed.ckpt.h5 --backbone net.ckpt.h5 --images set.h5 --split test --max-words 8 --format text
check "pictures get positions as their features did" cmp -s out placed.text
expect 64 "${train[@]}" --steps 4 --init-weights glorot -o none.h5
expect 0 "$tool" predict --model soft.ckpt.h5 --model soft.ckpt.h5 --features feats.h5 --images set.h5 --split test --max-words 8 --format text
check "a model twice is the model" cmp -s out text
expect 0 "${predict[@]}" --n-best 3 --length-norm --suppress-unk --format tsv
check "three captions a picture" test "$(grep -vc '^#' out)" = $((3 * pictures))
expect 0 "${predict[@]}" --sample --n-best 4 --temperature 0.7 --batch 5 --format tsv
cp out drawn
expect 0 "${predict[@]}" --sample --n-best 4 --temperature 0.7 --batch 12 --format tsv
check "draws do not depend on the batch" cmp -s out drawn
expect 0 "${predict[@]}" --sample --n-best 4 --temperature 0.7 --seed 2 --format tsv
check "another seed draws others" test "$(md5sum <out)" != "$(md5sum <drawn)"
for how in argmax sample expected; do
  expect 0 "$tool" predict --model hard.ckpt.h5 --features feats.h5 --images set.h5 --split test --hard-decode $how --max-words 8 -o hard.h5
done
expect 0 "${predict[@]}" --forced --format tsv
check "a score for each caption" grep -q perplexity out

# --- bad input
expect 66 "$tool" predict --model absent.h5 --features feats.h5 --format text
expect 65 "$tool" predict --model net.ckpt.h5 --features feats.h5 --format text
check "a classifier is no decoder" grep -q 'expected a caption decoder' err
expect 65 "$tool" predict --model soft.ckpt.h5 --features grid.h5 --format text
check "features of another layer are refused" grep -q 'as soft.ckpt.h5 was trained on' err
expect 65 "$tool" predict --model soft.ckpt.h5 --features part0.h5 --format text
expect 65 "$tool" train --features set.h5 --data set.h5 -o none.h5
expect 65 "$tool" train --features feats.h5 --data small.h5 -o none.h5
"${features[@]}" --layer conv3 --limit 10 -o few.h5 2>err
expect 65 "$tool" train --features few.h5 --data set.h5 --preset tiny --steps 1 -o none.h5
check "the first image without features is named" grep -q 'allow-missing' err
expect 64 "${predict[@]}" --n-best 9 --format text
expect 64 "$tool" predict --model soft.ckpt.h5 --format text
expect 64 "${predict[@]}"
expect 64 "${train[@]}" --lambda -0.5 -o none.h5
expect 65 "${train[@]}" --attention soft --steps 14 --hidden 25 -o soft.ckpt.h5 --resume
check "nothing is left of what failed" test ! -e none.h5
exit "$((failures > 0))"
