# shellcheck shell=bash
# For tests of the tools: counts what goes wrong in `failures`.
failures=0

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
