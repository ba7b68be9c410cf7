# shellcheck shell=bash
# What the tests of the pages share: taking their blocks apart, and running commands in small. For scripts that begin
# with expect.sh: $root and $build are its.
: "${root:?}" "${build:?}"

# blocks PAGE FOLDER: each fenced block becomes FOLDER/NNN.LANGUAGE, numbered in the page's order from 001. A comment
# '<!-- run OPTION VALUE... -->' above a block says that a test runs it, and which values these options then have
# instead of the block's ('VERB:OPTION' for one verb alone): they become FOLDER/NNN.run.
blocks() {
  mkdir -p "$2"
  awk -v folder="$2" '
    /^<!-- run.*-->$/ { small = $0; sub(/^<!-- run */, "", small); sub(/ *-->$/, "", small); marked = 1; next }
    /^```/ && !inside {
      inside = 1
      name = sprintf("%s/%03d", folder, ++count)
      file = name "." (length($0) > 3 ? substr($0, 4) : "plain")
      printf "" >file
      if (marked) { print small >(name ".run"); close(name ".run") }
      marked = 0
      next
    }
    /^```/ { inside = 0; close(file); next }
    inside { print >file; next }
    NF { marked = 0 }
    END { if (inside) { print FILENAME ": a block without an end"; exit 1 } }' "$1"
}

# shims FOLDER: FOLDER/TOOL stands for each tool. It takes "OPTION VALUE..." from SMALL and gives these options, where
# they stand in the command, those values.
shims() {
  mkdir -p "$1"
  local tool
  for tool in "$root"/apps/*.cc; do
    tool=$(basename "$tool" .cc)
    cat >"$1/$tool" <<SHIM
#!/usr/bin/env bash
declare -A small=()
read -ra pairs <<<"\${SMALL-}"
for ((i = 0; i + 1 < \${#pairs[@]}; i += 2)); do small[\${pairs[i]}]=\${pairs[i + 1]}; done
verb=\${1-} words=()
while ((\$#)); do
  words+=("\$1")
  value=\${small[\$verb:\$1]-\${small[\$1]-}}
  if [[ -n \$value && \$# -gt 1 ]]; then words+=("\$value") && shift; fi
  shift
done
exec '$build/$tool' "\${words[@]}"
SHIM
    chmod +x "$1/$tool"
  done
}
