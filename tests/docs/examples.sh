#!/usr/bin/env bash
# Every example of a tool's man page runs as it stands there, one after the other in the page's order, and writes the
# files that it names. What the reader must bring is made here first: small stand-ins, drawn by the tools or written by
# hand. An example that names anything else fails. Usage: FILE BUILD_DIR TOOL
# shellcheck source=tests/expect.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../expect.sh"
# shellcheck source=tests/mat5.sh
. "$root/tests/mat5.sh"
# shellcheck source=tests/docs/stand_ins.sh
. "$root/tests/docs/stand_ins.sh"
tool=${2:?usage: $0 BUILD_DIR TOOL}
export FOVEA_MODELS=$root/share/models FOVEA_THREADS=1

# --- the page
# Its examples, one a line, as a shell reads them.
examples() {
  awk '/^\.SH / { inside = $2 == "EXAMPLES" } inside && /^\\fB/' "$root/man/$tool.1" |
    sed -e 's/^\\fB//; s/\\fR$//; s/\\-/-/g' -e "s/\\\\(aq/'/g" -e 's/\\(dq/"/g; s/\\e/\\/g'
}

# Settings that keep the work of an example small. What the example itself says wins over them.
small() { # VERB
  case $tool:$1 in
    bn-train:train) echo FOVEA_BATCH=4 FOVEA_EVAL_EVERY=5 FOVEA_PATIENCE=2 ;;
    bn-train:convert) echo FOVEA_COUNT=20 ;;
    bn-train:eval) echo FOVEA_LIMIT=2 ;;
    bn-train:recalibrate) echo FOVEA_BATCH=4 ;;
    rcnn-propose:run) echo FOVEA_MIN_SIDE=8 FOVEA_PADDING=2 FOVEA_TOP=20 ;;
    rcnn-detect:features) echo FOVEA_PADDING=2 ;;
    rcnn-detect:finetune) echo FOVEA_PADDING=2 FOVEA_POSITIVES=2 FOVEA_BACKGROUNDS=2 FOVEA_MAX_TIME=0.5 ;;
    rcnn-detect:detect | rcnn-detect:segment) echo FOVEA_MIN_SIDE=8 ;;
    caption-attend:convert) echo FOVEA_SIDE=8 ;;
    caption-attend:train) echo FOVEA_HIDDEN=8 FOVEA_EMBEDDING=6 FOVEA_UNITS=5 FOVEA_STEPS=4 FOVEA_EVAL_EVERY=2 ;;
    caption-attend:compare) echo FOVEA_TIMING=1 ;;
    pose-estimate:convert) echo FOVEA_HEIGHT=48 FOVEA_WIDTH=48 ;;
    pose-estimate:train) echo FOVEA_WIDTH=0.03 FOVEA_BATCH=1 FOVEA_STEPS=2 FOVEA_MAX_TIME=0.5 ;;
    advgen-train:train | advgen-train:generate) echo FOVEA_BATCH=2 FOVEA_STEPS=2 FOVEA_EVAL_IMAGES=2 ;;
    advgen-train:attack) echo FOVEA_LIMIT=10 FOVEA_STEPS=2 ;;
    advgen-train:eval)
      echo FOVEA_LIMIT=1 FOVEA_GAP_LIMIT=2 FOVEA_STEPS=1 FOVEA_STRONG_STEPS=1 FOVEA_RESTARTS=1 FOVEA_QUERIES=2 \
        FOVEA_DRAWS=1
      ;;
  esac
}

# What an example writes here: files, and folders for files. --report is a file for one tool and a kind of table for
# another. Names that lead elsewhere are left out, because `forget` deletes what is called so.
outputs() { # EXAMPLE
  {
    grep -oE -- '(( -o| --draw| --report| --metrics| --heatmaps| --label-maps) | >)[[:alnum:]][^ |]*[./][^ |]*' <<<"$1"
    grep -oE -- '--pictures [[:alnum:]][^ ]*\.h5' <<<"$1"
  } | sed 's/.*[ >]//' | grep -v '\.\.'
}
forget() { # FILE...: they are not there, and folders are empty
  local file
  for file; do
    if [ -d "$file" ]; then find "$file" -type f -delete; elif [ -f "$file" ]; then rm "$file"; fi
  done
}
# shellcheck disable=SC2317  # called by check
written() { # FILE: it is there, or something in it is
  if [ -d "$1" ]; then test -n "$(find "$1" -type f)"; else test -s "$1"; fi
}

# Trainings may run into FOVEA_MAX_TIME, and what is required of a real model may not hold for a small one.
well_ended() { # EXAMPLE CODE
  case $2 in
    0) true ;;
    1) [[ $1 == *' --require '* ]] ;;
    75) [[ $1 =~ ^[a-z-]+\ (train|finetune|generate)\  ]] ;;
    *) false ;;
  esac
}

run_example() { # EXAMPLE
  local example=$1 code=0 verb file
  local -a settings files
  read -r _ verb _ <<<"$example"
  read -ra settings <<<"$(small "$verb")"
  mapfile -t files < <(outputs "$example")
  forget "${files[@]}"
  env "PATH=$build:$PATH" "${settings[@]}" bash -o pipefail -c "$example" >out 2>err </dev/null || code=$?
  if ! well_ended "$example" "$code"; then
    printf 'FAILED: exit %s: %s\n' "$code" "$example"
    sed 's/^/    /' err
    failures=$((failures + 1))
  fi
  for file in "${files[@]}"; do check "$file was written by: $example" written "$file"; done
  ((${#files[@]})) || check "something was printed by: $example" test -s out
}

# --- all of it
prepare "$tool"
if ((failures)); then
  echo "no example was tried: the stand-ins could not be made"
  exit 1
fi
count=0
while IFS= read -r example; do
  run_example "$example"
  count=$((count + 1))
done < <(examples)
check "the page has examples ($count)" test "$count" -ge 10

exit $((failures > 0))
