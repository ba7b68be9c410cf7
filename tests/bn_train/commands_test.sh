#!/usr/bin/env bash
# bn-train end to end on generated scenes: every verb, exit codes, pipes, resume, determinism. Usage: FILE BUILD_DIR
# shellcheck source=tests/expect.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../expect.sh"
tool=$build/bn-train

# --- images
expect 0 "$tool" convert --from scenes --kind digits --count 400 -o digits.h5
expect 0 "$tool" convert --from scenes --kind shapes --count 160 -o shapes.h5
expect 0 "$tool" verify digits.h5 shapes.h5
for i in 0 1 2; do expect 0 "$tool" convert --from scenes --kind digits --count 400 --shard $i/3 -o part$i.h5; done
expect 0 "$tool" merge part2.h5 part0.h5 part1.h5 -o merged.h5
check "merged shards equal the whole" cmp -s merged.h5 digits.h5
expect 65 "$tool" merge part2.h5 part0.h5 -o none.h5
check "missing shard is named" grep -q '1' err
check "no output of a failed merge" test ! -e none.h5
# shellcheck disable=SC2016
expect 0 bash -c '"$0" convert --from scenes --kind digits --count 400 -o - | cmp - digits.h5' "$tool"

# --- training, determinism, resume
net=(--net mnist-mlp-bn --batch 20 --steps 60 --eval-every 20 --percentiles sigmoid3)
expect 0 "$tool" train --data digits.h5 "${net[@]}" --threads 1 --metrics a.jsonl -o a.ckpt.h5
expect 0 "$tool" train --data digits.h5 "${net[@]}" --threads 2 --metrics b.jsonl -o b.ckpt.h5
check "1 and 2 threads give the same file" cmp -s a.ckpt.h5 b.ckpt.h5
check "1 and 2 threads give the same metrics" cmp -s a.jsonl b.jsonl
expect 64 "$tool" train --data digits.h5 "${net[@]}" --metrics - -o none.h5
check "standard output is for the results" grep -q "metrics: expected a file" err
expect 0 "$tool" verify a.ckpt.h5
expect 75 "$tool" train --data digits.h5 "${net[@]}" --max-time 0.001 -o c.ckpt.h5
expect 0 "$tool" train --data digits.h5 "${net[@]}" --resume -o c.ckpt.h5
check "resumed equals undisturbed" test "$(hash_of c.ckpt.h5)" = "$(hash_of a.ckpt.h5)"
expect 65 "$tool" train --data digits.h5 "${net[@]}" --learning-rate 0.2 --resume -o c.ckpt.h5
check "differing key is named" grep -q 'learning-rate' err
expect 3 "$tool" train --data digits.h5 --net mnist-mlp --batch-norm none --activation relu --learning-rate 1e6 --batch 20 --steps 60 -o d.ckpt.h5
check "diverged run wrote no checkpoint" test ! -e d.ckpt.h5
expect 0 "$tool" train --data digits.h5 "${net[@]}" --dry-run -o e.ckpt.h5
check "dry run writes nothing" test ! -e e.ckpt.h5
expect 0 "$tool" train --data digits.h5 --net mnist-mlp-bn --batch 20 --steps 20 --bn-mode naive --keep-bias -o naive.ckpt.h5
expect 0 "$tool" train --data shapes.h5 --net shapes-conv-bn --batch 16 --steps 4 --flip --pad 2 --photometric-scale 0.5 --dropout 0.1 -o shapes.ckpt.h5
expect 0 "$tool" train --data shapes.h5 --init shapes.ckpt.h5 --freeze-bn --batch 16 --steps 2 -o tuned.ckpt.h5
for preset in inception bn-baseline bn-x5 bn-x30 bn-x5-sigmoid; do
  expect 0 "$tool" train --data shapes.h5 --net inception-tiny --preset $preset --steps 1 -o preset.ckpt.h5
done

# --- models
expect 0 "$tool" eval a.ckpt.h5 --data digits.h5 --format tsv
check "eval prints one row a model" test "$(grep -vc '^#' out)" = 1
expect 0 "$tool" eval a.ckpt.h5 naive.ckpt.h5 --data digits.h5 --format tsv --confusion confusion.svg
check "two models and their ensemble" test "$(grep -vc '^#' out)" = 3
expect 0 "$tool" eval shapes.ckpt.h5 --data shapes.h5 --crops 144 --limit 3
expect 1 "$tool" eval a.ckpt.h5 --data digits.h5 --require 'accuracy>=2'
expect 64 "$tool" eval a.ckpt.h5 --data digits.h5 --require 'accuracy=1'
expect 65 "$tool" eval a.ckpt.h5 --data shapes.h5
expect 0 "$tool" fold a.ckpt.h5 -o folded.ckpt.h5
expect 0 "$tool" eval folded.ckpt.h5 --data digits.h5 --format tsv
expect 65 "$tool" fold folded.ckpt.h5 -o twice.ckpt.h5
expect 0 "$tool" recalibrate a.ckpt.h5 --data digits.h5 --batch 20 -o exact.ckpt.h5
expect 0 "$tool" predict --model a.ckpt.h5 --data digits.h5 --split test --top 1 --format tsv
check "a line for each test picture" test "$(grep -vc '^#' out)" = 80
expect 0 "$tool" convert --from checkpoint a.ckpt.h5 -o a.npz
expect 0 "$tool" import a.npz --net mnist-mlp-bn -o back.ckpt.h5
expect 0 "$tool" convert --from checkpoint a.ckpt.h5 -o stripped.ckpt.h5
expect 65 "$tool" train --data digits.h5 "${net[@]}" --resume -o stripped.ckpt.h5
expect 0 "$tool" show a.ckpt.h5 b.jsonl -o curves.svg
expect 0 "$tool" show a.ckpt.h5 b.ckpt.h5 --what summary --targets 0.05,2 --format tsv
check "a target never reached is NA" grep -q 'NA' out
expect 64 "$tool" show a.ckpt.h5
expect 0 "$tool" show a.ckpt.h5 --what percentiles -o percentiles.png
expect 0 "$tool" show naive.ckpt.h5 --what bias -o bias.svg
expect 0 "$tool" show a.ckpt.h5 --what confusion --data digits.h5 -o matrix.png

# --- what goes wrong
expect 64 "$tool"
expect 64 "$tool" trian
check "the nearest verb is proposed" grep -q train err
expect 64 "$tool" train --data digits.h5 --net mnist-mlp-bn --momentum 1.5 -o x.ckpt.h5
check "range in the message" grep -q -- '--momentum: expected 0 <= x < 1, found 1.5' err
expect 66 "$tool" train --data missing.h5 --net mnist-mlp-bn -o x.ckpt.h5
expect 66 "$tool" train --data digits.h5 --net mnist-mpl-bn -o x.ckpt.h5
check "the nearest network is proposed" grep -q mnist-mlp-bn err
expect 73 "$tool" train --data digits.h5 --net mnist-mlp-bn -o no/such/x.ckpt.h5
expect 73 "$tool" convert --from scenes --count 5 --no-clobber -o digits.h5
expect 65 "$tool" eval digits.h5 --data digits.h5
head -c 3000 a.ckpt.h5 >cut.h5
expect 65 "$tool" eval cut.h5 --data digits.h5
expect 1 "$tool" verify cut.h5
check "no stray temporary files" test -z "$(find . -name '*.tmp')"
# shellcheck disable=SC2016
expect 74 bash -c '"$0" eval a.ckpt.h5 --data digits.h5 >/dev/full' "$tool"
# shellcheck disable=SC2016
expect 141 bash -c 'set -o pipefail; "$0" predict --model a.ckpt.h5 --data digits.h5 --top 10 --split "" --format jsonl | head -c 1 >/dev/null' "$tool"

[ "$failures" -eq 0 ] || { printf '%s check(s) failed\n' "$failures"; exit 1; }
echo "all checks passed"
