#!/usr/bin/env bash
# Runs a shell test and records how it calls the tools. Usage: record_calls.sh TEST_SCRIPT BUILD_DIR LOG
# The test gets a folder that looks like BUILD_DIR. Each tool in it is a script that adds its arguments to LOG, quoted,
# a tab before each, one call a line in one write, and becomes the real tool: process id, signals, standard streams and
# /proc/self/exe are what they are without it. LOG then holds the calls of this run alone. A test that copies a tool finds
# it in $RECORDED_PROGRAMS.
set -uo pipefail
test_script=${1:?usage: $0 TEST_SCRIPT BUILD_DIR LOG}
build=$(cd -- "${2:?usage: $0 TEST_SCRIPT BUILD_DIR LOG}" && pwd) || exit 64
log=$(realpath -m -- "${3:?usage: $0 TEST_SCRIPT BUILD_DIR LOG}") || exit 64
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)

mkdir -p -- "$(dirname -- "$log")" && : >"$log" || exit 73
recorded=$(mktemp -d) || exit 73
trap 'rm -rf "$recorded"' EXIT
chmod 755 "$recorded" # as a build folder: a test may call a tool as somebody else
find "$build" -mindepth 1 -maxdepth 1 -exec ln -s -t "$recorded" {} + || exit 73
for source in "$root"/apps/*.cc; do
  tool=$(basename "$source" .cc)
  [[ -x $build/$tool ]] || continue
  rm "$recorded/$tool"
  # A file limit that the test set for the tool must not end the script. exec keeps what was ignored.
  {
    printf '#!/bin/bash\n'
    printf 'trap "" XFSZ\n'
    # shellcheck disable=SC2016
    printf '{ printf -v call "\\t%%q" "$@" && printf "%%s%%s\\n" %q "${call-}" >>%q; } 2>/dev/null\n' "$tool" "$log"
    printf 'trap - XFSZ\n'
    # shellcheck disable=SC2016
    printf 'exec %q "$@"\n' "$build/$tool"
  } >"$recorded/$tool"
  chmod +x "$recorded/$tool"
done

RECORDED_PROGRAMS=$build bash "$test_script" "$recorded"
