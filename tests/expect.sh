# shellcheck shell=bash
# What every test of a tool starts with: `. expect.sh` in a script that was called with the build folder. The test runs
# in a folder of its own, which goes when it ends; `failures` counts what went wrong, and the script exits with
# $((failures > 0)).
set -uo pipefail
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
build=$(cd -- "${1:?usage: $0 BUILD_DIR}" && pwd) || exit 64
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
failures=0
# Where the programs themselves are, if `build` has scripts that record how they are called (record_calls.sh).
programs=${RECORDED_PROGRAMS:-$build}
# Each of them may be used by a test.
export root build programs

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
hash_of() { "$build/bn-train" --info "$1" | sed -n '/"content_hash"/{s/.*: "\([0-9a-f]*\)".*/\1/p;q}'; }
# same_content FILE FILE
same_content() {
  local one
  one=$(hash_of "$1")
  test -n "$one" && test "$one" = "$(hash_of "$2")"
}
# other_content FILE FILE: both are there, and hold something else. What options a file was made with is not content.
other_content() {
  local one other
  one=$(hash_of "$1") other=$(hash_of "$2")
  test -n "$one" && test -n "$other" && test "$one" != "$other"
}
# logged FILE NAME [STEP]: what a --metrics file says of NAME, at each report or at that step.
logged() { sed -n 's/^{"step":'"${3:-[0-9]*}"',.*"'"$2"'":\([^,}]*\).*/\1/p' "$1"; }
# near A B [RELATIVE]: two numbers, equal up to a rounding error.
near() {
  awk -v a="$1" -v b="$2" -v far="${3:-1e-6}" '
    BEGIN { exit !(a != "" && b != "" && (a - b) ^ 2 <= (far * (b + (b == 0))) ^ 2) }'
}
# less A B
less() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a != "" && b != "" && a + 0 < b + 0) }'; }
# other_bytes FILE FILE: both are there, and differ.
other_bytes() { test -s "$1" && test -s "$2" && ! cmp -s "$1" "$2"; }
# not COMMAND...
not() { ! "$@"; }
# as_without_bf16 COMMAND...: after a run with --precision bf16. The command, which says that nothing changed, must
# succeed on a processor without AMX, of which the run has warned, and fail on one that has it.
as_without_bf16() { if grep -q 'this CPU has no AMX' err; then "$@"; else ! "$@"; fi; }
# field NAME: the column of that name in the first row of the table in out.
field() {
  awk -F'\t' -v name="$1" \
    'NR == 1 { sub(/^#/, ""); for (i = 1; i <= NF; ++i) if ($i == name) at = i } NR == 2 { print $at }' out
}
