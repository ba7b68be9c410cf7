#!/usr/bin/env bash
# Every command of a tool in the shell blocks of README.md and the pages in share/doc is one that the tool accepts; the
# blocks marked as runnable run, in small; the tables quoted below them have the columns that are printed; links lead
# somewhere. Usage: FILE BUILD_DIR
# shellcheck source=tests/expect.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../expect.sh"
# shellcheck source=tests/docs/blocks.sh
. "$root/tests/docs/blocks.sh"
export FOVEA_MODELS=$root/share/models FOVEA_THREADS=1
pages=("$root/README.md" "$root"/share/doc/*.md "$root"/share/experiments/*/*.md)

# Tools that accept or refuse their command line and do no work: input files are missing in an empty folder, and what
# needs none stops after parsing. They note what they were called with in CALLS.
mkdir accepting
names=()
for source in "$root"/apps/*.cc; do
  tool=$(basename "$source" .cc)
  names+=("$tool")
  cat >"accepting/$tool" <<SHIM
#!/bin/bash
stop=()
for word; do [[ \$word != *[a-zA-Z]/ ]] || /bin/mkdir -p "\$word"; done
case " \$* " in *' --from scenes '* | *' --from stick-figures '*) stop=(--print-config) ;; esac
message=\$('$build/$tool' "\$@" "\${stop[@]}" 2>&1 >/dev/null </dev/null)
printf '%s\t%s\t%s\t%s\n' "\$?" '$tool' "\${1-}" "\${message%%\$'\n'*}" >>"\$CALLS"
SHIM
  chmod +x "accepting/$tool"
done
any=$(IFS='|' && printf '%s' "${names[*]}")

# What any other command is taken for: nothing, or one that runs the tool among its words (srun, sbatch, xargs -I{}).
# shellcheck disable=SC2016  # bash of another process expands it
source_both='. "$1"; . "$2"'
cat >others.sh <<OTHERS
command_not_found_handle() {
  while ((\$# > 1)); do
    case \$1 in $any) "\${@//\{\}/0}" && return ;; esac
    shift
  done
}
OTHERS

# accepted BLOCK: runs it with these tools and nothing else on the PATH, so that bash itself takes it apart.
accepted() {
  local calls=$dir/calls code tool verb message
  : >"$calls"
  rm -rf empty && mkdir empty
  if ! bash -n "$1"; then return 1; fi
  (cd empty && PATH=$dir/accepting CALLS=$calls /usr/bin/timeout 60 \
    /bin/bash -c "$source_both" - "$dir/others.sh" "$dir/$1" >/dev/null 2>&1 </dev/null)
  while IFS=$'\t' read -r code tool verb message; do
    commands=$((commands + 1))
    case $code in
      0 | 1 | 65 | 66 | 73) ;;
      *) printf '    %s %s: exit %s: %s\n' "$tool" "$verb" "$code" "$message" && refused=1 ;;
    esac
  done <"$calls"
  # Nothing was passed over: a command behind '<missing file', for instance. Here-documents are for other programs.
  grep -q '<<' "$1" && return 0
  while read -r tool verb; do
    grep -q "$(printf '\t%s\t%s\t' "$tool" "$verb")" "$calls" && continue
    printf '    not reached: %s %s\n' "$tool" "$verb" && refused=1
  done < <(sed 's/\(^\|[[:space:]]\)#.*//' "$1" | grep -oE "(^|[[:space:];|&(])($any) +(--)?[a-z][a-z-]*" |
    sed 's/^[[:space:];|&(]*//' | sort -u)
}

# --- what a command may be
commands=0
for page in "${pages[@]}"; do
  name=${page#"$root/"}
  folder=pages/${name//\//-}
  check "$name: its blocks end" blocks "$page" "$folder"
  for block in "$folder"/*.sh; do
    [ -e "$block" ] || continue
    refused=0
    accepted "$block" || refused=1
    check "$name: block ${block##*/}: $(head -n 1 "$block")" test "$refused" = 0
  done
done
check "there are commands to look at ($commands)" test "$commands" -ge 60

# --- what runs, each page in a folder of its own
shims shims
squeezed() { sed -e 's/^#//' -e 's/[[:space:]]\{1,\}/ /g' -e 's/ $//' "$@"; }
ran=0
for folder in pages/*.md; do
  [[ ${folder##*/} != *reading-files.md ]] || continue # snippets_test.sh runs it
  mkdir -p "work/$folder" && : >printed
  for marks in "$folder"/*.run; do
    [ -e "$marks" ] || continue
    block=$dir/${marks%.run}.sh
    (cd "work/$folder" && SMALL=$(cat "$dir/$marks") PATH=$dir/shims:$PATH bash -euo pipefail "$block") \
      >out 2>err </dev/null || {
      printf 'FAILED: %s: exit %s\n' "$block" "$?"
      sed 's/^/    /' "$block" err
      failures=$((failures + 1))
    }
    squeezed out >>printed
    ran=$((ran + 1))
    text=$(printf '%s/%03d.text' "$folder" "$((10#$(basename "$marks" .run) + 1))")
    [ -e "$text" ] || continue
    head -n 1 "$text" | squeezed >quoted
    # A line that ends with ' ...' is the beginning of one.
    # shellcheck disable=SC2016  # awk's $0
    check "$text: quotes what was printed: $(cat quoted)" awk '
      NR == FNR { whole = !sub(/ \.\.\.$/, ""); quoted = $0; next }
      whole ? $0 == quoted : index($0, quoted) == 1 { found = 1 }
      END { exit !found }' quoted printed
  done
done
check "there are blocks that run ($ran)" test "$ran" -ge 20

# --- links
for page in "${pages[@]}"; do
  while read -r target; do
    check "${page#"$root/"}: $target is there" test -e "$(dirname "$page")/$target"
  done < <(grep -oE '(\]\(|src=")[^)"#]+' "$page" | sed -E 's/^(\]\(|src=")//' | grep -vE '^(https?|mailto):')
done

exit $((failures > 0))
