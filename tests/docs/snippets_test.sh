#!/usr/bin/env bash
# The lines of Python in share/doc/reading-files.md print what the page says, on the files that the page makes; and h5py
# sees in these files what --info says. Usage: FILE BUILD_DIR
# shellcheck source=tests/expect.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../expect.sh"
# shellcheck source=tests/docs/blocks.sh
. "$root/tests/docs/blocks.sh"
python=${PYTHON:-/usr/bin/python3}
if ! "$python" -c 'import h5py' 2>/dev/null; then
  echo "skipped: $python has no h5py (Debian: python3-h5py)"
  exit 77
fi
page=$root/share/doc/reading-files.md
check "the page's blocks end" blocks "$page" blocks
export FOVEA_MODELS=$root/share/models FOVEA_THREADS=1

# --- the files
shims shims
ran=0
for marks in blocks/*.run; do
  SMALL='' PATH=$dir/shims:$PATH expect 0 bash -euo pipefail "${marks%.run}.sh"
  ran=$((ran + 1))
done
check "the page makes its files" test "$ran" = 1

# --- each block prints the text that follows it
snippets=0
for block in blocks/*.python; do
  expect 0 "$python" "$block"
  text=$(printf '%s/%03d.text' blocks "$((10#$(basename "$block" .python) + 1))")
  check "$block has its output below it" test -e "$text"
  check "$(head -n 2 "$block" | tail -n 1) ... prints what the page says" diff "$text" out
  snippets=$((snippets + 1))
done
check "every kind of file has its lines" test "$snippets" = 11
while read -r schema; do
  check "fovea.$schema has its section" grep -q "^## fovea\.$schema:" "$page"
done < <(sed -n 's/^\.SH fovea\.\([a-z]*\) .*/\1/p' "$root/man/fovea-files.5")

# --- h5py and --info agree about every dataset of every file
cat >agree.py <<'PYTHON'
import h5py, json, subprocess, sys
tool, names = sys.argv[1], sys.argv[2:]
for name in names:
    said = json.loads(subprocess.run([tool, "--info", name], check=True, capture_output=True).stdout)
    with h5py.File(name) as f:
        found = {}
        f.visititems(lambda key, item: found.update({key: item}) if isinstance(item, h5py.Dataset) else None)
        assert f.attrs["schema"].decode() == said["schema"], name
        assert found.keys() == {entry["name"] for entry in said["datasets"]}, name
        for entry in said["datasets"]:
            item = found[entry["name"]]
            kind = "string" if h5py.check_string_dtype(item.dtype) else str(item.dtype)
            assert (list(item.shape), kind) == (entry["extents"], entry["type"]), (name, entry)
            assert item.attrs["axes"].decode() == entry["axes"], (name, entry)
        # What the page says of ragged lists.
        for key, item in found.items():
            if not key.endswith("/offsets"):
                continue
            offsets = item[...]
            assert offsets[0] == 0 and (offsets[1:] >= offsets[:-1]).all(), (name, key)
print(len(names), "files")
PYTHON
expect 0 "$python" agree.py "$build/bn-train" ./*.h5
check "they agree about all files" grep -qx "16 files" out

exit $((failures > 0))
