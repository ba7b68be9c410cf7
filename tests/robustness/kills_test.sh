#!/usr/bin/env bash
# A short storm of kill -9 over commands of all six tools that write onto a good file:
# share/experiments/robustness/kills, whose long form is `make -C share/experiments/robustness kills`. Usage: FILE
# BUILD_DIR
# shellcheck source=tests/expect.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../expect.sh"
PATH=$build:$PATH
kills=$root/share/experiments/robustness/kills

expect 0 "$kills" 30 1 net.ckpt.h5 boxes.h5 boxes.tsv features.h5 tuned.ckpt.h5 scenes.h5 decoder.ckpt.h5 \
  gat.ckpt.h5 adv.h5 people.h5 poses.csv
cat out err
row() { awk -F'\t' -v tool="$1" '$1 == tool' out; }
check "30 kills" test "$(row all | cut -f 2)" = 30
check "some before the end" test "$(row all | cut -f 3)" -lt 25
check "nothing was lost" test "$(row all | cut -f 9)" = 0

# The check itself: a tool that writes its target in place is caught.
mkdir fake
for tool in "$build"/{bn-train,rcnn-detect,caption-attend,advgen-train,pose-estimate}; do ln -s "$tool" fake/; done
cat >fake/rcnn-propose <<END
#!/usr/bin/env bash
"$build/rcnn-propose" "\${@/%boxes.tsv/.whole}" || exit
[[ -e .whole ]] || exit 0
n=0
while read -r line; do
  ((++n % 20)) || sleep 0.01
  printf '%s\n' "\$line"
done <.whole >boxes.tsv
rm .whole
END
chmod +x fake/rcnn-propose
expect 1 env PATH="$dir/fake:$PATH" "$kills" 12 1 boxes.tsv
check "a half file is found" grep -q 'boxes.tsv is neither the old file nor the new one' err

exit $((failures > 0))
