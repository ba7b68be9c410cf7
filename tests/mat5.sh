# shellcheck shell=bash
# MATLAB files from shell, for tests of what reads them: `. mat5.sh` after expect.sh. An element of such a file is its
# type, its size, and its bytes up to a multiple of eight; an array is an element that holds elements.
mat_bytes() { printf '%b' "$(printf '\\x%02x' "$@")"; }
mat_int() { mat_bytes $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24)); }
mat_element() { # TYPE: its bytes from stdin
  local size
  cat >mat.bytes
  size=$(stat -c %s mat.bytes)
  mat_int "$1" && mat_int "$size" && cat mat.bytes
  head -c $(((8 - size % 8) % 8)) /dev/zero
}
# CLASS NAME ROWS COLUMNS: the elements of its contents from stdin. Class 1 is a cell, 2 a struct, 4 text, 6 numbers.
mat_array() {
  local contents
  contents=$(mktemp -p .)
  cat >"$contents"
  {
    { mat_int "$1" && mat_int 0; } | mat_element 6
    { mat_int "$3" && mat_int "$4"; } | mat_element 5
    printf '%s' "$2" | mat_element 1
    cat "$contents"
  } >mat.array
  mat_element 14 <mat.array
  rm "$contents"
}
mat_numbers() { # NAME ROWS COLUMNS NUMBER...: numbers below 256, column by column
  local name=$1 rows=$2 columns=$3
  shift 3
  mat_bytes "$@" | mat_element 2 | mat_array 6 "$name" "$rows" "$columns"
}
mat_text() { printf '%s' "$1" | mat_element 16 | mat_array 4 '' 1 "${#1}"; }
mat_fields() { # NAME...: the beginning of a struct's contents; then come the arrays of each element, field by field
  local name
  mat_int 16 | mat_element 5
  for name in "$@"; do printf '%s' "$name" && head -c $((16 - ${#name})) /dev/zero; done | mat_element 1
}
mat_file() { printf '%-116s' 'MATLAB 5.0 MAT-file' && head -c 8 /dev/zero && printf '\0\1IM' && cat; }
