#!/usr/bin/env bash
# What each option of advgen-train does: that it reaches the work, and is not taken and forgotten. Usage: FILE BUILD_DIR
# shellcheck source=tests/expect.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../expect.sh"
tool=$build/advgen-train bn=$build/bn-train

cat >tiny.net <<'NET'
fovea-net 1
input name=data height=16 width=16 channels=1 std=255
conv name=conv1 out=4 kernel=3 pad=same
batch_norm name=bn1
relu name=relu1
max_pool name=pool1 kernel=4 stride=4
dense name=fc out=4
NET
cat >draw.net <<'NET'
fovea-net 1
input name=data height=16 width=16 channels=1
conv name=conv1 out=4 kernel=3 pad=same
relu name=relu1
conv name=conv2 out=1 kernel=1 init=he:0.1
NET
expect 0 "$bn" convert --from scenes --kind fragile --count 120 -o set.h5 # 96 for training, 24 for testing
expect 0 "$bn" convert --from scenes --kind fragile --count 60 --seed 2 -o other.h5 # 48 and 12
# Pictures of 12x20 grey pixels, as MNIST's files have theirs, whose bytes are those of digits.
{ printf '\0\0\10\3\0\0\0\30\0\0\0\14\0\0\0\24' && seq 10000 | head -c $((24 * 12 * 20)); } >wide-images
{ printf '\0\0\10\1\0\0\0\30' && for _ in 1 2 3 4 5 6 7 8; do printf '\0\1\2'; done; } >wide-labels
expect 0 "$bn" convert --from mnist wide-images wide-labels -o wide.h5
sed 's/height=16 width=16/height=12 width=12/; s/out=4$/out=3/' tiny.net >wide.net
mkdir -p folder/a folder/b
for name in a/1 a/2 b/1 b/2 b/3; do cp "$root/share/demo/digit-3.png" folder/$name.png; done
expect 0 "$bn" convert --from folder folder --test-fraction 0 -o good.h5
cp good.h5 bad.h5 # and one of the five pictures damaged
printf 'XXXX' | dd of=bad.h5 bs=1 seek="$(grep -abo IHDR bad.h5 | tail -n 1 | cut -d: -f1)" conv=notrunc 2>/dev/null
sed 's/height=16 width=16/height=28 width=28/; s/out=4$/out=2/' tiny.net >digit.net

# --- train: which pictures
train=("$tool" train --data set.h5 --net tiny.net --batch 16 --steps 4 --eval-every 2 --eval-images 4
  --gen-net draw.net)
plan() { # TRAINING HELD OPTION...: numbers of pictures
  expect 0 "${train[@]}" --method plain "${@:3}" --dry-run -o none.h5
  check "train ${*:3}: $1 for training, $2 held out" grep -q "^training images $1, held out $2," out
}
plan 87 9
plan 22 2 --split test
plan 27 3 --limit 30
plan 80 16 --holdout 16
expect 0 "${train[@]}" --method plain --input 20x16x1 --dry-run -o none.h5
check "train --input" grep -q 'data .* \[20,16,1\]' out
expect 65 "$tool" train --method plain --data bad.h5 --net digit.net --batch 4 --steps 2 --holdout 0 -o none.h5
expect 0 "$tool" train --method plain --data bad.h5 --net digit.net --batch 4 --steps 2 --holdout 0 --skip-bad-images \
  --dry-run -o none.h5
check "train --skip-bad-images: one less" grep -q '^training images 4,' out
# The test images are for eval: train does not look at them.
expect 64 "${train[@]}" --method plain --test other.h5 -o none.h5
check "train has no --test" grep -q -e "unknown option '--test'" err
expect 0 "${train[@]}" --method plain --metrics plain.jsonl -o plain.ckpt.h5
wide=("$tool" train --method plain --data wide.h5 --net wide.net --batch 8 --steps 3 --holdout 0)
expect 0 "${wide[@]}" -o centre.ckpt.h5
for options in --random-crop '--resize stretch'; do
  # shellcheck disable=SC2086
  expect 0 "${wide[@]}" $options -o changed.ckpt.h5
  check "train $options sees other pixels" other_content changed.ckpt.h5 centre.ckpt.h5
done

# --- train: what changes what is learned
changes() { # METHOD OPTION...: of METHOD.ckpt.h5
  expect 0 "${train[@]}" --method "$@" -o changed.ckpt.h5
  check "train --method $* learns something else" other_content changed.ckpt.h5 "$1.ckpt.h5"
}
for options in --flip '--pad 2' '--optimizer adam' '--learning-rate 0.2' '--momentum 0' '--weight-decay 0.1' \
  '--clip-norm 0.01' '--schedule constant' '--warmup 3' '--batch 12' '--steps 5'; do
  # shellcheck disable=SC2086
  changes plain $options
done
expect 0 "${train[@]}" --method plain --schedule staircase:0.5@2 --learning-rate 0.25 --metrics rate.jsonl \
  -o changed.ckpt.h5
check "train --schedule: half of the rate after two steps" near "$(logged rate.jsonl learning_rate 2)" 0.125
expect 0 "${train[@]}" --method plain --schedule constant --learning-rate 0.25 --warmup 4 --metrics warm.jsonl \
  -o changed.ckpt.h5
check "train --warmup 4: three fifths at the third step" near "$(logged warm.jsonl learning_rate 2)" 0.15
expect 0 "${train[@]}" --method dropout -o dropout.ckpt.h5
changes dropout --dropout 0.1
changes dropout --input-dropout 0.5
expect 0 "${train[@]}" --method pgd --attack-steps 2 -o pgd.ckpt.h5
for options in '--eps 0.2' '--step-size 0.01' '--eps-warmup 4' '--attack-steps 3' '--alpha 0.5'; do
  # shellcheck disable=SC2086
  changes pgd --attack-steps 2 $options
done
expect 0 "${train[@]}" --method fgsm -o fgsm.ckpt.h5
changes fgsm --bn-mode separate
changes fgsm --bn-mode clean
expect 0 "${train[@]}" --method fast -o fast.ckpt.h5
changes fast --step-size 0.5
expect 0 "${train[@]}" --method fast --step-size 10/255 --eps 8/255 -o changed.ckpt.h5
check "train --step-size: 10/8 of the radius is fast's own" same_content changed.ckpt.h5 fast.ckpt.h5
expect 0 "${train[@]}" --method gat -o gat.ckpt.h5
for options in '--preset robust' '--grad-norm l2' '--grad-norm sign' '--grad-label predicted' '--gen-input image' \
  '--gen-objective margin' '--gen-cost 5' '--gen-scale 0.1' '--bound linf:0.05' '--gen-learning-rate 0.02' \
  '--gen-beta1 0.9' '--gen-steps 2' '--f-every 2' '--alternate epoch' '--gen-scale 3 --no-clip-valid'; do
  # shellcheck disable=SC2086
  changes gat $options
done
for options in '--gen-objective margin' '--gen-scale 3'; do
  [[ $options == *margin ]] && more='--gen-kappa 3' || more=--no-clip-valid
  # shellcheck disable=SC2086
  expect 0 "${train[@]}" --method gat $options -o without.ckpt.h5
  # shellcheck disable=SC2086
  expect 0 "${train[@]}" --method gat $options $more -o with.ckpt.h5
  check "train $more beside $options" other_content with.ckpt.h5 without.ckpt.h5
done
expect 0 "${train[@]}" --method gat --bound linf:8/255 --gen-objective logprob --gen-cost 0 --eps 8/255 -o spelt.ckpt.h5
expect 0 "${train[@]}" --method gat --preset robust --eps 8/255 -o robust.ckpt.h5
check "train --preset robust is what the page says" same_content spelt.ckpt.h5 robust.ckpt.h5
for select in clean pgd; do
  expect 0 "${train[@]}" --method plain --select $select -o $select.ckpt.h5
  check "train --select $select keeps the best" test -s $select.best.ckpt.h5
done
check "without --select there is none" test ! -e plain.best.ckpt.h5
expect 64 "${train[@]}" --method plain --holdout 0 --select clean -o none.h5

# --- generate
expect 0 "$tool" train --method plain --data set.h5 --net tiny.net --batch 16 --steps 40 --learning-rate 0.1 \
  -o taught.ckpt.h5
gen=("$tool" generate --model taught.ckpt.h5 --data set.h5 --gen-net draw.net --batch 8 --steps 4
  --eval-every 2 --eps 0.3)
expect 0 "${gen[@]}" --metrics gen.jsonl -o gen.ckpt.h5
check "generate --metrics: a report each two steps" test "$(logged gen.jsonl fooling_ratio | wc -l)" = 2
for options in '--split test' '--limit 20' '--kind image' '--target 1' '--eps 0.1' '--norm l2' '--learning-rate 0.1' \
  '--beta1 0.9' '--batch 9' '--steps 5' '--test other.h5' '--test-split train' '--test-limit 3' '--eval-images 3'; do
  # shellcheck disable=SC2086
  expect 0 "${gen[@]}" $options -o changed.ckpt.h5
  check "generate $options: another file" other_content changed.ckpt.h5 gen.ckpt.h5
done
report() { # OPTION...: what the last report says of the test images
  rm -f report.jsonl
  expect 0 "${gen[@]}" "$@" --metrics report.jsonl -o changed.ckpt.h5
  logged report.jsonl fooling_ratio 4
}
# shellcheck disable=SC2317  # called by check
whole() {
  awk -v share="$1" -v of="$2" 'BEGIN { n = share * of; exit !(share != "" && (n - int(n + 0.5)) ^ 2 < 1e-12) }'
}
check "generate --test-limit 5: a ratio of five" whole "$(report --test-limit 5)" 5
check "generate --eval-images 7: a ratio of seven" whole "$(report --eval-images 7)" 7
check "generate --test: a ratio of twelve" whole "$(report --test other.h5)" 12
sed 's/channels=1/channels=3/; s/out=1 /out=3 /' draw.net >colour.net
expect 0 "$bn" convert --from scenes --kind shapes --count 40 --side 16 -o colour.h5
sed 's/channels=1/channels=3/; s/out=4$/out=8/' tiny.net >eight.net
expect 0 "$bn" train --data colour.h5 --net eight.net --batch 8 --steps 4 -o colour.ckpt.h5
for options in '' --channelwise; do
  # shellcheck disable=SC2086
  expect 0 "$tool" generate --model colour.ckpt.h5 --data colour.h5 --gen-net colour.net --batch 8 --steps 2 $options \
    -o colour$options.ckpt.h5
done
check "generate --channelwise: another perturbation" other_content colour.ckpt.h5 colour--channelwise.ckpt.h5
expect 0 "$tool" train --method plain --data good.h5 --net digit.net --batch 2 --steps 2 --holdout 0 -o digit.ckpt.h5
digits=("$tool" generate --model digit.ckpt.h5 --data bad.h5 --gen-net draw.net --batch 4 --steps 2)
expect 65 "${digits[@]}" -o none.h5
expect 0 "${digits[@]}" --skip-bad-images -o changed.ckpt.h5
check "generate --skip-bad-images says so" grep -q '1 picture(s) can.t be decoded' err

# --- attack
attack=("$tool" attack --model taught.ckpt.h5 --data set.h5 --format tsv)
expect 0 "${attack[@]}" -o adv.h5
check "24 test images" test "$(field images)" = 24
for options in '--split train 96' '--split= 120' '--limit 7 7'; do
  # shellcheck disable=SC2086
  expect 0 "${attack[@]}" ${options% *} -o some.h5
  check "attack ${options% *}" test "$(field images)" = "${options##* }"
done
for options in '--attack bim' '--eps 0.1' '--steps 3' '--step-size 0.001' '--loss margin' '--label predicted' \
  '--keep last' '--target next' --early-stop '--restarts 2' '--seed 2'; do
  # shellcheck disable=SC2086
  expect 0 "${attack[@]}" $options -o changed.h5
  check "attack $options finds others" other_content changed.h5 adv.h5
done
expect 0 "${attack[@]}" --attack noise --norm l2 --eps 0.7 -o noise.h5
check "attack --norm l2" test "$(field norm)" = l2 -a "$(field epsilon)" = 0.7
check "attack --norm l2: within the ball" less "$(field mean_l2)" 0.701
expect 64 "${attack[@]}" --attack fgsm --norm l2 -o none.h5
expect 0 "${attack[@]}" --attack generator --generator gen.ckpt.h5 --eps 0.1 --steps 3 -o changed.h5
check "attack --attack generator has no --eps, and says so" grep -q -e '--eps is ignored' err
expect 0 "${attack[@]}" --steps 1 --step-size 0.002 --keep last --eps 0.1 --attack bim -o small.h5
check "attack --step-size 0.002 in one step" near "$(field mean_linf)" 0.002 1e-2

# --- eval
effort=(--data set.h5 --limit 12 --steps 2 --strong-steps 2 --queries 5 --draws 2 --no-checks --format tsv)
expect 0 "$tool" eval taught.ckpt.h5 "${effort[@]}"
cp out plain.tsv
row() { # ATTACK or PART: how many images it was measured on
  awk -F'\t' -v name="$1" '
    NR == 1 { for (i = 1; i <= NF; ++i) if ($i == "images") at = i }
    ($4 == "attack" && $5 == name) || $4 == name { print $at; exit }' out
}
check "12 images" test "$(row clean)" = 12
for options in '--split train' '--restarts 6 --eps 0.15'; do
  # shellcheck disable=SC2086
  expect 0 "$tool" eval taught.ckpt.h5 "${effort[@]}" $options
  check "eval $options: another table" other_bytes out plain.tsv
done
# More restarts only ever find more: the images of the others are among them.
for restarts in 1 8; do
  expect 0 "$tool" eval taught.ckpt.h5 "${effort[@]}" --limit 24 --attacks pgd-ce --eps 0.02 --restarts $restarts \
    --format jsonl
  cp out restarts$restarts.jsonl
done
check "eval --restarts: one row for each count" test "$(grep -c '"part":"restart-curve"' restarts8.jsonl)" -gt \
  "$(grep -c '"part":"restart-curve"' restarts1.jsonl)"
expect 0 "$tool" eval taught.ckpt.h5 "${effort[@]}" --attacks fgsm --gap
check "eval --gap: all training images" test "$(row train)" = 96
expect 0 "$tool" eval taught.ckpt.h5 "${effort[@]}" --attacks fgsm --gap --gap-limit 10
check "eval --gap-limit" test "$(row train)" = 10
expect 0 "$tool" eval taught.ckpt.h5 "${effort[@]}" --attacks fgsm --gap --gap-split test
check "eval --gap-split" test "$(row train)" = 24
expect 65 "$tool" eval digit.ckpt.h5 --data bad.h5 --split train --attacks fgsm --no-checks --format tsv
expect 0 "$tool" eval digit.ckpt.h5 --data bad.h5 --split train --attacks fgsm --no-checks --format tsv \
  --skip-bad-images
check "eval --skip-bad-images: the other four" test "$(row clean)" = 4

# --- show
pictures_of() { grep -c '<image ' "$1"; }
show=("$tool" show adv.h5 --no-fooled)
expect 0 "${show[@]}" --count 4 --title 'A sheet' -o sheet.svg
check "show --title" grep -q '>A sheet<' sheet.svg
check "show --count: four, three pictures each" test "$(pictures_of sheet.svg)" = 12
expect 0 "${show[@]}" --count 4 --side-by-side 1 -o narrow.svg
width_of() { sed -n 's/.*<svg [^>]*width="\([0-9]*\).*/\1/p' "$1"; }
check "show --side-by-side 1: half as wide" test "$(width_of narrow.svg)" -lt "$(width_of sheet.svg)"
expect 0 "${show[@]}" --amplify 7 -o seven.svg
check "show --amplify 7" grep -q 'perturbation x 7' seven.svg
expect 0 "$bn" predict --model taught.ckpt.h5 --data set.h5 --split test --top 1 --format tsv
id=$(sed -n 6p out | cut -f1)
expect 0 "${show[@]}" --id "$id" -o named.svg
expect 0 "${show[@]}" --count 1 -o first.svg
check "show --id: that one, not the first" test "$(pictures_of named.svg)" = 3 -a "$(md5sum <named.svg)" != \
  "$(md5sum <first.svg)"
expect 64 "${show[@]}" --id nobody -o none.h5.svg
expect 0 "$tool" eval taught.ckpt.h5 "${effort[@]}" --attacks pgd --curve 0,4/255,8/255 --format jsonl
cp out curve.jsonl
expect 0 "$tool" show --what curves curve.jsonl --names Bertha -o curves.svg
check "show --names" grep -q '>Bertha<' curves.svg

# --- merge
for i in 0 2; do expect 0 "${attack[@]}" --shard $i/3 -o part$i.h5; done
expect 65 "$tool" merge part0.h5 part2.h5 -o none.h5
expect 0 "$tool" merge part0.h5 part2.h5 --allow-missing -o parts.h5
check "merge --allow-missing marks the file" grep -q '"partial": 1' <("$tool" --info parts.h5)
check "nothing was written that should not be" test ! -e none.h5

exit $((failures > 0))
