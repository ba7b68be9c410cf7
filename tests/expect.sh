# shellcheck shell=bash
# What every test of a tool starts with: `. expect.sh` in a script that was called with the build folder. The test runs in
# a folder of its own, which goes when it ends; `failures` counts what went wrong, and the script exits with
# $((failures > 0)).
set -uo pipefail
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
build=$(cd -- "${1:?usage: $0 BUILD_DIR}" && pwd) || exit 64
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
failures=0
# Each of them may be used by a test.
export root build

# expect CODE COMMAND...: runs it, keeps stdout in out and stderr in err.
expect() {
  local code=$1 rc=0
  shift
  "$@" >out 2>err </dev/null || rc=$?
  if [ "$rc" -ne "$code" ]; then
    printf 'FAILED: expected exit %s, got %s: %s\n' "$code" "$rc" "$*"
    sed 's/^/    /' err
    failures=$((failures + 1))
  fi
}
# check WHAT COMMAND...: the command must succeed.
check() {
  local what=$1
  shift
  if ! "$@"; then
    printf 'FAILED: %s\n' "$what"
    failures=$((failures + 1))
  fi
}

# hash_of FILE: the content hash. Every tool reads the root of every schema.
hash_of() { "$build/bn-train" --info "$1" | sed -n 's/.*"content_hash": "\([0-9a-f]*\)".*/\1/p' | head -n 1; }
# same_content FILE FILE
same_content() { test -n "$(hash_of "$1")" && test "$(hash_of "$1")" = "$(hash_of "$2")"; }
# field NAME: the column of that name in the first row of the table in out.
field() {
  awk -F'\t' -v name="$1" \
    'NR == 1 { sub(/^#/, ""); for (i = 1; i <= NF; ++i) if ($i == name) at = i } NR == 2 { print $at }' out
}
