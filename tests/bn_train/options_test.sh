#!/usr/bin/env bash
# What each option of bn-train does: that it reaches the work, and is not taken and forgotten. Usage: FILE BUILD_DIR
# shellcheck source=tests/expect.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../expect.sh"
tool=$build/bn-train

cat >tiny.net <<'NET'
fovea-net 1
input name=data height=16 width=16 channels=3 std=255
conv name=conv1 out=4 kernel=3 pad=same bias=no
batch_norm name=bn1
relu name=relu1
lrn name=lrn1 alpha=10
max_pool name=pool1 kernel=4 stride=4
conv name=conv2 out=4 kernel=3 pad=same bias=no
batch_norm name=bn2
relu name=relu2
dropout name=drop2 rate=0.5
dense name=fc out=8
NET
expect 0 "$tool" convert --from scenes --kind shapes --count 80 --side 16 -o set.h5 # 64 for training, 16 for testing
expect 0 "$tool" convert --from scenes --kind shapes --count 40 --side 16 --seed 9 -o other.h5
# Pictures of 12x20 grey pixels, as MNIST's files have theirs, whose bytes are those of digits.
{ printf '\0\0\10\3\0\0\0\30\0\0\0\14\0\0\0\24' && seq 10000 | head -c $((24 * 12 * 20)); } >wide-images
{ printf '\0\0\10\1\0\0\0\30' && for _ in 1 2 3 4 5 6 7 8; do printf '\0\1\2'; done; } >wide-labels
sed 's/height=16 width=16 channels=3/height=12 width=12 channels=1/; s/out=8/out=3/' tiny.net >wide.net

# --- convert
printf 'zero\none\ntwo\n' >names.txt
expect 0 "$tool" convert --from mnist wide-images wide-labels --split train --names names.txt -o wide.h5
expect 0 "$tool" train --data wide.h5 --net wide.net --batch 8 --steps 2 -o wide.ckpt.h5
check "convert --split: it is the training split" test -s wide.ckpt.h5
expect 0 "$tool" predict --model wide.ckpt.h5 --data wide.h5 --format tsv
check "convert --names: they are the classes" test "$(grep -c $'\tzero\t' out)" = 24
expect 65 "$tool" train --data wide.h5 --split val --net wide.net --batch 8 --steps 2 -o none.h5
expect 0 "$tool" convert --from scenes --kind shapes --count 40 --side 16 --seed 9 --noise 0 -o quiet.h5
check "convert --noise changes the pictures" other_content quiet.h5 other.h5
mkdir -p folder/a folder/b
for name in a/1 a/2 b/1 b/2 b/3; do cp "$root/share/demo/digit-3.png" folder/$name.png; done
expect 0 "$tool" convert --from folder folder --test-fraction 0 -o good.h5
printf 'no picture' >folder/b/0.png
expect 65 "$tool" convert --from folder folder --test-fraction 0 -o none.h5
expect 0 "$tool" convert --from folder folder --test-fraction 0 --skip-bad-images -o skipped.h5
check "convert --skip-bad-images leaves out the bad one" same_content skipped.h5 good.h5
check "convert --skip-bad-images says so" grep -q '1 picture(s) can.t be decoded' err
# One of the five pictures of bad.h5 is damaged where it is stored.
cp good.h5 bad.h5
place=$(grep -abo IHDR bad.h5 | tail -n 1 | cut -d: -f1)
printf 'XXXX' | dd of=bad.h5 bs=1 seek="$place" conv=notrunc 2>/dev/null

# --- train: which pictures
train=("$tool" train --data set.h5 --net tiny.net --batch 16 --steps 6 --eval-every 1)
plan() { # TRAINING TEST OPTION...: numbers of pictures
  expect 0 "${train[@]}" "${@:3}" --dry-run -o none.h5
  check "${*:3}: $1 for training, $2 for testing" grep -q "^training images $1, test images $2," out
}
plan 64 16
plan 16 16 --split test
plan 64 64 --test-split train
plan 20 16 --limit 20
plan 64 4 --test-limit 4
plan 64 8 --test other.h5
plan 64 32 --test other.h5 --test-split train
expect 65 "$tool" train --data bad.h5 --net mnist-mlp --batch 2 --steps 2 -o none.h5
expect 0 "$tool" train --data bad.h5 --net mnist-mlp --batch 2 --steps 2 --skip-bad-images --dry-run -o none.h5
check "train --skip-bad-images: one less" grep -q '^training images 4,' out

# --- train: what changes what is learned
expect 0 "${train[@]}" --metrics base.jsonl -o base.ckpt.h5
learn() { # NAME OPTION...: NAME.jsonl and NAME.ckpt.h5
  expect 0 "${train[@]}" "${@:2}" --metrics "$1.jsonl" -o "$1.ckpt.h5"
}
changes() { # OPTION...: as `learn changed`, and it learns something else
  rm -f changed.*
  learn changed "$@"
  check "train $* changes what is learned" other_content changed.ckpt.h5 base.ckpt.h5
}
for options in '--batch-norm none' '--batch-norm after' '--activation sigmoid' '--init-weights xavier' --keep-bias \
  '--per-activation 1' '--dropout 0' '--dropout 0.9' '--lrn off' '--bn-eps 0.5' '--bn-momentum 0.9' '--bn-mode naive' \
  '--bn-stats moving' '--population-batches 2' --freeze-bn --flip '--pad 2' --random-resized-crop \
  '--photometric-scale 1' '--shuffle none' '--shuffle shard' '--optimizer adam' '--optimizer rmsprop' '--momentum 0.9' \
  '--weight-decay 0.1' '--clip-norm 0.1' '--label-smoothing 0.2' '--schedule linear' '--warmup 3' \
  '--learning-rate 0.2' '--batch 6' '--steps 7'; do
  # shellcheck disable=SC2086
  changes $options
done
same() { # A B WHAT: two runs that must be one
  check "$3" cmp -s "$1.jsonl" "$2.jsonl"
  check "$3: the weights" same_content "$1.ckpt.h5" "$2.ckpt.h5"
}
learn lr --learning-rate 0.05 --lr-mult 2
same lr base "--lr-mult 2 doubles the rate"
learn decay1 --weight-decay 0.1
learn decay2 --weight-decay 0.2 --l2-scale 0.5
same decay1 decay2 "--l2-scale halves the weight decay"
learn halved1 --schedule 'staircase:0.5@2'
learn halved2 --schedule 'staircase:0.5@4' --decay-speed 2
same halved1 halved2 "--decay-speed 2 halves the period"
check "--schedule: a quarter of the rate after four steps" near "$(logged halved1.jsonl learning_rate 4)" 0.025
learn warm --warmup 4
check "--warmup 4: the fifth step is the first at full rate" near "$(logged warm.jsonl learning_rate 1)" 0.04
learn epochs --steps 0 --epochs 1.5
same epochs base "--epochs 1.5 is 6 steps of 16 of 64 pictures"
for pair in 'adam beta1 0' 'adam beta2 0.5' 'adam epsilon 0.5' 'rmsprop rho 0.1' 'rmsprop epsilon 0.5'; do
  read -r optimizer name value <<<"$pair"
  rm -f with.jsonl without.jsonl
  learn without --optimizer "$optimizer"
  learn with --optimizer "$optimizer" "--$name" "$value"
  check "--$name reaches $optimizer" other_content with.ckpt.h5 without.ckpt.h5
done
learn nesterov --optimizer nesterov --momentum 0.9
learn heavy --momentum 0.9
check "--optimizer nesterov is not sgd" other_content nesterov.ckpt.h5 heavy.ckpt.h5
learn clipped --clip-norm 1e-9 --batch-norm none
check "--clip-norm 1e-9 stops all" near "$(logged clipped.jsonl test_loss 6)" "$(logged clipped.jsonl test_loss 1)"
learn zeros --init-weights gaussian:1e-12
check "--init-weights gaussian:1e-12 knows nothing, ln 8" near "$(logged zeros.jsonl loss 1)" 2.0794415
learn momentum --bn-momentum 0.9
check "--bn-momentum has no part in training" test "$(logged momentum.jsonl loss)" = "$(logged base.jsonl loss)"
check "but in testing" test "$(logged momentum.jsonl test_loss)" != "$(logged base.jsonl test_loss)"
learn smooth --label-smoothing 0.2
check "--label-smoothing is of the training loss" test "$(logged smooth.jsonl loss 1)" != "$(logged base.jsonl loss 1)"
learn all --population-batches 1000
same all base "--population-batches beyond one epoch is one epoch"
expect 0 "${train[@]}" --bn-stats moving --format tsv -o moving.ckpt.h5
check "--bn-stats moving measures no population" test "$(field test_accuracy_population)" = NA
learn alone --sync-statistics
same alone base "--sync-statistics: one process has the whole batch"
expect 0 "$tool" train --data set.h5 --init base.ckpt.h5 --steps 3 --batch 12 --eval-every 1 --eval-at 0 \
  --metrics init.jsonl -o init.ckpt.h5
check "--init starts where the other ended" less "$(logged init.jsonl test_loss 0)" 2.5
for seed in 1 2; do
  expect 0 "$tool" train --data set.h5 --init base.ckpt.h5 --dropout 0 --steps 5 --batch 12 --eval-every 1 \
    --shuffle none --seed $seed --metrics order$seed.jsonl -o order.ckpt.h5
done
check "--shuffle none draws no order" cmp -s order1.jsonl order2.jsonl
# Random crops need room: the shorter side of 12x20 pictures fits the network, the longer one is more.
wide=("$tool" train --data wide.h5 --net wide.net --batch 8 --steps 3)
expect 0 "${wide[@]}" -o centre.ckpt.h5
expect 0 "${wide[@]}" --random-crop -o cropped.ckpt.h5
check "--random-crop crops elsewhere" other_content cropped.ckpt.h5 centre.ckpt.h5
expect 0 "${wide[@]}" --resize stretch -o stretched.ckpt.h5
check "--resize stretch sees the whole picture" other_content stretched.ckpt.h5 centre.ckpt.h5

# --- train: the network
expect 0 "${train[@]}" --input 32x20x3 --dry-run -o none.h5
check "--input" grep -q 'data .* \[32,20,3\]' out
expect 0 "${train[@]}" --lrn off --dry-run -o none.h5
check "--lrn off" not grep -q lrn1 out
expect 0 "${train[@]}" --per-activation 1 -o changed.ckpt.h5
extents() { "$tool" --info "$1" | grep -A2 "\"model/$2/gamma\"" | sed -n 's/.*"extents": //p'; }
check "--per-activation 1: one parameter for each place of the last" test "$(extents changed.ckpt.h5 bn2)" = '[64],'
check "and of no other" test "$(extents changed.ckpt.h5 bn1)" = '[4],'
expect 0 "${train[@]}" --keep-bias -o changed.ckpt.h5
check "--keep-bias" grep -q model/conv1/bias <("$tool" --info changed.ckpt.h5)

# --- train: reports
learn reports --eval-every 0 --eval-at 2,5
check "--eval-at 2,5, and the end" test "$(grep -o '"step":[0-9]*' reports.jsonl | tr -d '\n')" = \
  '"step":2"step":5"step":6'
expect 0 "${train[@]}" --save-best -o run.ckpt.h5
state() { "$tool" --info "$1" | sed -n "s/.*\"$2\": \([0-9]*\).*/\1/p" | tail -n 1; }
check "--save-best: the best step is kept" test "$(state run.best.ckpt.h5 step)" = "$(state run.ckpt.h5 best_step)"
expect 0 "${train[@]}" --learning-rate 1e-9 --bn-momentum 0 --patience 2 --format tsv -o tired.ckpt.h5
check "--patience 2: nothing better after the first report" test "$(field steps)" = 3
learn watched --percentiles relu1,fc

# --- eval and predict
eval=("$tool" eval base.ckpt.h5 --data set.h5 --format tsv)
expect 0 "${eval[@]}"
cp out test.tsv
test_loss=$(field loss)
for split in 'train 64' 'test 16' ' 80'; do
  expect 0 "${eval[@]}" --split "${split% *}"
  check "eval --split '${split% *}'" test "$(field images)" = "${split#* }"
done
expect 0 "${eval[@]}" --limit 4
check "eval --limit" test "$(field images)" = 4
expect 0 "${eval[@]}" --batch 3
check "eval --batch 3 changes roundings" near "$(field loss)" "$test_loss"
expect 0 "${eval[@]}" --resize-side 24
check "eval --resize-side 24 sees the middle only" test "$(field loss)" != "$test_loss"
expect 0 "${eval[@]}" --crops 10
check "eval --crops 10" test "$(field crops)" = 10
expect 0 "${eval[@]}" --per-class
check "eval --per-class: a row for each class" test "$(grep -vc '^#' out)" = 8 -a -n "$(field recall)"
expect 0 "${eval[@]}" --precision bf16
check "eval --precision bf16" as_without_bf16 cmp -s out test.tsv
predict=("$tool" predict --model base.ckpt.h5 --data set.h5 --split test --format tsv)
expect 0 "${predict[@]}"
cp out plain.tsv
check "predict --split" test "$(cut -f1 out | sort -u | grep -vc '^#')" = 16
expect 0 "${predict[@]}" --batch 3
check "predict --batch 3 changes roundings" cmp -s <(awk '!/^#/ { printf "%s %s %.5f\n", $1, $4, $5 }' out) \
  <(awk '!/^#/ { printf "%s %s %.5f\n", $1, $4, $5 }' plain.tsv)
for options in '--crops 10' '--crops 144' '--resize-side 24'; do
  # shellcheck disable=SC2086
  expect 0 "${predict[@]}" $options
  check "predict $options" other_bytes out plain.tsv
done
expect 0 "${predict[@]}" --precision bf16
check "predict --precision bf16" as_without_bf16 cmp -s out plain.tsv
expect 0 "$tool" train --data good.h5 --net mnist-mlp --batch 2 --steps 2 -o two.ckpt.h5
for verb in eval predict; do
  [[ $verb == eval ]] && model=(two.ckpt.h5) || model=(--model two.ckpt.h5)
  expect 65 "$tool" $verb "${model[@]}" --data bad.h5 --split train
  expect 0 "$tool" $verb "${model[@]}" --data bad.h5 --split train --skip-bad-images --format tsv
  check "$verb --skip-bad-images: the other four" grep -q \
    "$([[ $verb == eval ]] && printf '\t4\t1\t' || echo 'b/2.png')" out
done

# --- recalibrate
again=("$tool" recalibrate base.ckpt.h5 --data set.h5 --batch 16)
expect 0 "${again[@]}" -o exact.ckpt.h5
expect 0 "${again[@]}" --batches 1000 -o some.ckpt.h5
check "recalibrate --batches beyond one epoch is one epoch" same_content some.ckpt.h5 exact.ckpt.h5
for options in '--split test' '--limit 32' '--batches 2' '--batch 6'; do
  # shellcheck disable=SC2086
  expect 0 "${again[@]}" $options -o some.ckpt.h5
  check "recalibrate $options finds other statistics" other_content some.ckpt.h5 exact.ckpt.h5
done
expect 0 "$tool" train --data good.h5 --net mnist-mlp-bn --batch 2 --steps 2 -o two-bn.ckpt.h5
expect 65 "$tool" recalibrate two-bn.ckpt.h5 --data bad.h5 --batch 2 -o none.h5
expect 0 "$tool" recalibrate two-bn.ckpt.h5 --data bad.h5 --batch 2 --skip-bad-images -o some.ckpt.h5
check "recalibrate --skip-bad-images says so" grep -q '1 picture(s) can.t be decoded' err

# --- import
expect 0 "$tool" convert --from checkpoint centre.ckpt.h5 -o weights.npz
mv weights.npz weights
sed 's/name=fc/name=last/' wide.net >renamed.net
import=("$tool" import weights --net wide.net)
expect 64 "${import[@]}" -o none.h5
expect 0 "${import[@]}" --from npz -o back.ckpt.h5
expect 65 "$tool" import weights --from npz --net renamed.net -o none.h5
expect 0 "$tool" import weights --from npz --net renamed.net --rename fc.weight=last/weight,fc.bias=last/bias \
  -o renamed.ckpt.h5
probabilities() { "$tool" predict -q --model "$1" --data wide.h5 --format tsv | cut -f"${2-4,5}"; }
check "import --rename: the same network" test "$(probabilities renamed.ckpt.h5)" = "$(probabilities centre.ckpt.h5)"
expect 0 "${import[@]}" --from npz --resize stretch -o stretch.ckpt.h5
check "import --resize stretch sees the whole picture" test "$(probabilities stretch.ckpt.h5)" != \
  "$(probabilities back.ckpt.h5)"
printf 'n01440764 tench, Tinca tinca\ngoldfish\nn123 shark\n' >labels.txt
expect 0 "${import[@]}" --from npz --labels labels.txt -o labelled.ckpt.h5
check "import --labels: without the WordNet id" test \
  "$(probabilities labelled.ckpt.h5 3 | sort -u | grep -v class | tr '\n' ';')" = \
  'goldfish;n123 shark;tench, Tinca tinca;'

# --- show
has() { check "$1" grep -q -- "$2" "$3"; }
expect 0 "$tool" show base.ckpt.h5 --metric loss --names Bertha --title 'How it went' -o curve.svg
has "show --metric" '>loss<' curve.svg
has "show --names" '>Bertha<' curve.svg
has "show --title" '>How it went<' curve.svg
expect 0 "$tool" show base.ckpt.h5 --metric loss --names Bertha --title 'How it went' --log-steps -o log.svg
check "show --log-steps places the steps otherwise" test "$(grep -c polyline log.svg)" != 0 \
  -a "$(grep polyline log.svg | md5sum)" != "$(grep polyline curve.svg | md5sum)"
expect 0 "$tool" show watched.ckpt.h5 --what percentiles --layer relu1 --unit 3 -o percentiles.svg
has "show --layer and --unit" '>input of relu1, unit 3<' percentiles.svg
expect 64 "$tool" show watched.ckpt.h5 --what percentiles --layer relu1 --unit 4 -o none.h5
for split in test train; do
  expect 0 "$tool" show base.ckpt.h5 --what confusion --data set.h5 --split $split -o $split.svg
done
check "show --split: another matrix" other_bytes test.svg train.svg
# The training log as a file of its own, from a checkpoint and from what --metrics wrote.
expect 0 "$tool" convert --from log base.ckpt.h5 -o log.h5
check "convert --from log: fovea.log" grep -q '"fovea.log"' <("$tool" --info log.h5)
expect 0 "$tool" verify log.h5
expect 0 "$tool" show log.h5 --metric loss --names Bertha --title 'How it went' -o same.svg
check "show draws it as it draws the checkpoint" cmp -s same.svg curve.svg
expect 0 "${train[@]}" --eval-every 5 --metrics lines.jsonl -o lined.ckpt.h5
for file in lined.ckpt.h5 lines.jsonl; do expect 0 "$tool" convert --from log $file -o ${file%%.*}.h5; done
check "convert --from log: the same columns from both" same_content lined.h5 lines.h5
expect 75 "${train[@]}" --max-time 0.001 -o stopped.ckpt.h5
for what in curves summary; do expect 65 "$tool" show stopped.ckpt.h5 --what $what -o none.svg; done
check "show of a run without reports says so" grep -q 'stopped before the first' err

# --- merge
for i in 0 2; do expect 0 "$tool" convert --from scenes --kind digits --count 12 --shard $i/3 -o part$i.h5; done
expect 65 "$tool" merge part0.h5 part2.h5 -o none.h5
expect 0 "$tool" merge part0.h5 part2.h5 --allow-missing -o parts.h5
check "merge --allow-missing marks the file" grep -q '"partial": 1' <("$tool" --info parts.h5)
check "nothing was written that should not be" test ! -e none.h5

exit $((failures > 0))
