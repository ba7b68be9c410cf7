#!/usr/bin/env bash
# Every option in every man page is used by at least one shell test. Usage: options_exercised.sh LOG_FOLDER
# LOG_FOLDER has what record_calls.sh wrote, ROOM/NAME.log for the test tests/ROOM/NAME_test.sh; other logs there are of
# tests that are gone, and do not count. An option of a command's own section must be used with that command, a common
# one with any command of the tool. Prints what no call used and exits 1; exits 77 while a test has not been run.
set -uo pipefail
folder=${1:?usage: $0 LOG_FOLDER}
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)

logs=() absent=()
for script in "$root"/tests/*/*_test.sh; do
  name=${script#"$root"/tests/}
  log=$folder/${name%_test.sh}.log
  if [[ -f $log ]]; then logs+=("$log"); else absent+=("$name"); fi
done
if ((${#absent[@]})); then
  printf 'not run yet, so nothing can be said: %s\n' "${absent[*]}"
  exit 77
fi

# The man pages first: an entry is "TOOL COMMAND OPTION", where the command of a common option is "*".
awk '
  FNR == 1 { page = FILENAME ~ /\.1$/; part = ""; tool = FILENAME; sub(/.*\//, "", tool); sub(/\.1$/, "", tool) }
  page && /^\.SH / { part = $2 " " $3 }
  page && /^\.SS / { command = part == "COMMANDS " ? $2 : "*" }
  page && /^\\fB\\-/ && (part == "COMMANDS " || part == "COMMON OPTIONS") {
    gsub(/\\fB|\\fR.*|,|\[no\\-\]/, "") # "\-o \-\-output", "\-\-flip" or "\-q \-\-quiet"
    gsub(/\\-/, "-")
    entry[++entries] = tool " " command " " $NF
    known[entry[entries]] = 1
    if (NF > 1) long[tool, command, $1] = $NF
  }
  page { next }

  # --- a log: one call a line, a tab before each word
  {
    words = split($0, word, "\t")
    for (i = 2; i <= words; ++i) {
      if (word[i] !~ /^-./) continue
      name = word[i]
      if (name ~ /^--/) sub(/=.*/, "", name); else name = substr(name, 1, 2)
      if (!use(word[1], word[2], name) && sub(/^--no-/, "--", name)) use(word[1], word[2], name)
    }
  }
  # Notes that the option was used, with the command if it is its own.
  function use(tool, command, name, at, option) {
    for (at = 1; at <= 2; ++at) {
      option = (tool, command, name) in long ? long[tool, command, name] : name
      if (tool " " command " " option in known) return used[tool " " command " " option] = 1
      command = "*"
    }
    return 0
  }

  END {
    for (i = 1; i <= entries; ++i) if (!(entry[i] in used)) {
      print entry[i] ": no test uses it"
      ++unused
    }
    printf "%d of %d options are used\n", entries - unused, entries
    exit unused > 0 || entries < 500 # fewer would mean that the pages were not understood
  }' "$root"/man/*.1 "${logs[@]}"
