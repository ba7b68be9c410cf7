#!/bin/bash
# Usage: generated_test.sh BUILD_DIR [--update]
# For every tool of apps/: its tables are right, its help is in shape, and the committed man page and completions are
# what the tables say today. --update rewrites the committed files.
set -u
build=${1:?usage: generated_test.sh BUILD_DIR [--update]}
update=${2:-}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failures=0

complain() {
  printf '%s\n' "$*" >&2
  failures=$((failures + 1))
}

# compare TOOL KIND COMMITTED_FILE
compare() {
  if ! "$build/$1" --generate "$2" > "$scratch/generated"; then
    complain "$1 --generate $2: failed"
  elif [[ $update == --update ]]; then
    mkdir -p "$(dirname "$3")"
    cp "$scratch/generated" "$3"
  elif ! cmp -s "$scratch/generated" "$3"; then
    complain "$3: not what '$1 --generate $2' prints; run: bash tests/cli/generated_test.sh BUILD_DIR --update"
  fi
}

check_tool() {
  local tool=$1 prose="$root/man/$1.1.in" problems
  problems=$("$build/$tool" --generate check) || complain "$tool: $problems"
  for help in -h --help --version --help-json; do
    "$build/$tool" "$help" > "$scratch/out" 2> "$scratch/err" || complain "$tool $help: exit code $?"
    [[ -s $scratch/out && ! -s $scratch/err ]] || complain "$tool $help: expected text on stdout only"
    "$build/$tool" "$help" > /dev/full 2> /dev/null
    (($? == 74)) || complain "$tool $help > /dev/full: expected exit code 74"
  done
  "$build/$tool" > /dev/null 2>&1
  (($? == 64)) || complain "$tool without a command: expected exit code 64"
  "$build/$tool" --frobnicate > /dev/null 2>&1
  (($? == 64)) || complain "$tool --frobnicate: expected exit code 64"
  compare "$tool" "man$([[ -f $prose ]] && printf ':%s' "$prose")" "$root/man/$tool.1"
  compare "$tool" bash "$root/completions/bash/$tool"
  compare "$tool" zsh "$root/completions/zsh/_$tool"
  compare "$tool" fish "$root/completions/fish/$tool.fish"
}

for source in "$root"/apps/*.cc; do
  [[ -f $source ]] || continue
  tool=$(basename "$source" .cc)
  "$build/$tool" --help-json > "$scratch/json" 2> /dev/null || { complain "$tool: not built, or no option table"; continue; }
  check_tool "$tool"
done

# One short name, one meaning, in all tools.
for source in "$root"/apps/*.cc; do
  [[ -f $source ]] && "$build/$(basename "$source" .cc)" --help-json
done | grep -o '"name":"[a-z0-9-]*","short":"."' | sort -u > "$scratch/short"
sed 's/.*"short":"\(.\)"/\1/' "$scratch/short" | sort | uniq -d > "$scratch/clashes"
while read -r letter; do
  complain "-$letter means: $(grep "\"short\":\"$letter\"" "$scratch/short" | cut -d'"' -f4 | tr '\n' ' ')"
done < "$scratch/clashes"

((failures == 0))
